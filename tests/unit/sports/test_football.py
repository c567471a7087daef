"""The Laws as the football sport holds them."""

from __future__ import annotations

import pytest

from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, fold, get, misfit
from touchline.sports.football import FOOTBALL

A, B = "Argentina", "France"
MINUTE = 60_000_000
KICK_OFF = 1_700_000_000_000_000
CUP = {"extra_time": True, "shootout": True}
ELEVEN = tuple(f"Player {n}" for n in range(1, 12))


def at(minutes: float) -> int:
    return KICK_OFF + round(minutes * MINUTE)


def act(title: str, origin: str = A, minutes: float = 10, **details: str) -> Action:
    return Action(title, origin, at(minutes), details)


def whistle(title: str, period: str, minutes: float) -> Action:
    return Action(title, "", at(minutes), {"period": period})


def play(*actions: Action, rules=None, lineups=None):
    """Return the state after these; an action that the Laws forbid fails the test."""
    state = FOOTBALL.start((A, B), rules, lineups)
    for action in actions:
        state = FOOTBALL.apply(state, action)
    return state


def people(state):
    """Return each side's people by origin, as the state keeps them."""
    return {origin: side.people for origin, side in zip(state.origins, state.sides, strict=True)}


def person(state, origin: str, name: str):
    return next(p for p in people(state)[origin] if p.name == name)


def kicks(text: str) -> list[Action]:
    """Return kicks such as `A+ B-`: A scores, B misses."""
    said = []
    for n, word in enumerate(text.split()):
        title = "shootout_scored" if word[1] == "+" else "shootout_missed"
        said.append(act(title, A if word[0] == "A" else B, 130 + n))
    return said


def test_it_is_installed_under_its_name():
    """`sports.get("football")` gives this sport."""
    assert get("football") is FOOTBALL


def test_a_goal_counts_for_its_origin():
    """Goals add up by origin; nothing else changes the score."""
    state = play(act("goal"), act("goal", B), act("corner"), act("goal"))
    assert FOOTBALL.score(state) == {"goals": {A: 2, B: 1}, "period": ""}


def test_an_own_goal_counts_for_the_side_that_gains():
    """The origin of an own goal is the side that gains; its player scores nothing for anybody."""
    lineups = {A: ["Lionel Messi"], B: ["Raphaël Varane"]}
    state = play(act("goal", player="Raphaël Varane", how="own goal"), lineups=lineups)
    assert FOOTBALL.score(state)["goals"] == {A: 1, B: 0}
    assert [p.goals for side in people(state).values() for p in side] == [0, 0]
    unknown = play(act("goal", player="Raphaël Varane", how="own goal"))
    assert people(unknown) == {A: (), B: ()}


def test_a_goal_is_kept_whoever_is_said_to_have_scored():
    """A goal counts even if its scorer is unknown, off the pitch, or of the other side."""
    lineups = {A: ELEVEN, B: ["Bo"]}
    sent_off = act("red_card", player="Player 3")
    for name in ("Nobody", "Player 3", "Bo"):
        state = play(sent_off, act("goal", player=name), lineups=lineups)
        assert FOOTBALL.score(state)["goals"] == {A: 1, B: 0}


def test_a_disallowed_goal_takes_the_latest_of_its_side_away():
    """The side's latest goal goes, from the score and from its scorer, not the other side's."""
    state = play(
        act("goal", player="Ann"),
        act("goal", player="Amy"),
        act("goal", B, player="Bea"),
        act("goal_disallowed"),
    )
    assert FOOTBALL.score(state)["goals"] == {A: 1, B: 1}
    assert (person(state, A, "Ann").goals, person(state, A, "Amy").goals) == (1, 0)
    assert FOOTBALL.illegal(play(act("goal", B)), act("goal_disallowed")) == (
        f"{A} has no goal to take away"
    )


def test_names_are_compared_without_case_and_accents():
    """Who types plainly means the same player; the spelling first known is kept."""
    lineups = {A: ["Ángel Di María"], B: []}
    state = play(act("goal", player="angel di  MARIA"), lineups=lineups)
    assert [(p.name, p.goals) for p in people(state)[A]] == [("Ángel Di María", 1)]


def test_who_is_booked_is_not_booked_again():
    """A second caution is a second_yellow, and a player sent off is shown no more cards."""
    state = play(act("yellow_card", player="Ann"))
    assert FOOTBALL.illegal(state, act("yellow_card", player="ann")) == (
        "Ann is already booked; report second_yellow"
    )
    assert FOOTBALL.illegal(state, act("yellow_card", B, player="Ann")) is None
    state = FOOTBALL.apply(state, act("second_yellow", player="Ann"))
    assert person(state, A, "Ann").red
    assert not person(state, A, "Ann").on
    for card in ("yellow_card", "second_yellow", "red_card"):
        assert FOOTBALL.illegal(state, act(card, player="Ann")) == "Ann has already been sent off"


def test_a_second_yellow_stands_though_nobody_reported_the_first():
    """The crowd may have missed the first card; the player is sent off all the same."""
    assert person(play(act("second_yellow", player="Ann")), A, "Ann").red


def test_cautions_are_not_carried_into_the_shootout():
    """Law 10: a player booked in the match may be booked in the shoot-out, once."""
    state = play(act("yellow_card", player="Ann"), *kicks("A+"), rules=CUP)
    state = FOOTBALL.apply(state, act("yellow_card", player="Ann", minutes=140))
    assert not person(state, A, "Ann").red
    assert "already booked" in FOOTBALL.illegal(state, act("yellow_card", player="Ann"))


def test_a_coach_need_not_be_in_the_line_up():
    """Where the bench is known, a card to an unknown player is refused, one to a coach not."""
    lineups = {A: [*ELEVEN, "Sub"], B: []}
    state = play(lineups=lineups)
    assert FOOTBALL.illegal(state, act("red_card", player="Lio")) == (
        f"Lio is not one of {A}'s players"
    )
    state = FOOTBALL.apply(state, act("red_card", player="Lio", person="coach"))
    assert (person(state, A, "Lio").official, person(state, A, "Lio").red) == (True, True)


def test_line_ups_name_the_starters_first():
    """Of a longer line-up the first `players` are on the pitch, the others on the bench."""
    state = play(rules={"players": 2}, lineups={A: ["Ann", "Amy", "Ada"], B: []})
    assert [(p.name, p.on) for p in people(state)[A]] == [
        ("Ann", True),
        ("Amy", True),
        ("Ada", False),
    ]


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ({"off": "Nobody", "on": "Sub 2"}, "Nobody is not on the pitch"),
        ({"off": "Sub 2", "on": "Sub 3"}, "Sub 2 is not on the pitch"),
        ({"off": "Player 1", "on": "Sub 2"}, "Player 1 has already gone off"),
        ({"off": "Player 2", "on": "Player 1"}, "Player 1 has gone off and can't come on again"),
        ({"off": "Player 2", "on": "Sub 1"}, "Sub 1 is already on the pitch"),
        ({"off": "Player 9", "on": "Sub 2"}, "Player 9 has been sent off and can't be substituted"),
        ({"off": "Player 2", "on": "Player 9"}, "Player 9 has been sent off and can't come on"),
        ({"off": "Player 2", "on": "Nobody"}, "Nobody is not one of the side's players"),
        ({"off": "Player 2", "on": "PLAYER 2"}, "Player 2 can't come on for Player 2"),
        ({"off": "Player 2", "on": "Sub 2"}, None),
        ({"on": "Sub 2"}, None),
        ({}, None),
    ],
)
def test_who_may_be_substituted(details, sentence):
    """Law 3: who is on the pitch goes off, who was not yet on comes on, nobody sent off either."""
    state = play(
        act("substitution", off="Player 1", on="Sub 1"),
        act("red_card", player="Player 9"),
        lineups={A: [*ELEVEN, "Sub 1", "Sub 2", "Sub 3"], B: []},
    )
    reason = FOOTBALL.illegal(state, act("substitution", **details))
    assert reason is None if sentence is None else reason.startswith(sentence)


def test_any_name_goes_without_a_line_up():
    """With no line-up anybody may go off, who was substituted or sent off only once."""
    state = play(act("substitution", off="Ann", on="Amy"))
    assert FOOTBALL.illegal(state, act("substitution", off="Zoe", on="Ada")) is None
    assert FOOTBALL.illegal(state, act("substitution", off="Ann", on="Ada")) == (
        "Ann has already gone off"
    )


def test_a_substitute_whom_nobody_named_may_go_off_under_a_name():
    """After a substitution without `on`, one unknown name may go off, and no second."""
    state = play(act("substitution", off="Player 1"), lineups={A: ELEVEN, B: []})
    state = FOOTBALL.apply(state, act("substitution", off="Unheard", on="New"))
    reason = FOOTBALL.illegal(state, act("substitution", off="Unheard 2", on="Newer"))
    assert reason == "Unheard 2 is not on the pitch"


def substitutions(count: int, minutes: float = 60):
    return [act("substitution", minutes=minutes, off=f"P{n}", on=f"S{n}") for n in range(count)]


def test_the_number_of_substitutions_is_bounded():
    """Five and one for concussion; the sentence names both numbers."""
    state = play(*substitutions(6))
    assert FOOTBALL.illegal(state, act("substitution")) == (
        f"{A} has made 6 substitutions, at most 6"
    )
    assert FOOTBALL.illegal(state, act("substitution", B)) is None
    rules = {"substitutions": 3, "concussion_substitutions": 0}
    assert "at most 3" in FOOTBALL.illegal(
        play(*substitutions(3), rules=rules), act("substitution")
    )


def test_extra_time_gives_one_more_substitution():
    """The further substitution is there once the second half may be over, not before."""
    start = whistle("period_start", "second_half", 60)
    state = play(start, *substitutions(6, 70), rules=CUP)
    assert FOOTBALL.illegal(state, act("substitution", minutes=80)) is not None
    assert FOOTBALL.illegal(state, act("substitution", minutes=106)) is None
    state = FOOTBALL.apply(state, whistle("period_end", "second_half", 105))
    state = FOOTBALL.apply(state, act("substitution", minutes=105))
    assert "at most 7" in FOOTBALL.illegal(state, act("substitution", minutes=110))


def test_return_substitutions_where_the_rules_have_them():
    """In grassroots football who went off may come on again, as often as wanted."""
    back = act("substitution", off="Amy", on="Ann")
    first = act("substitution", off="Ann", on="Amy")
    state = play(*[first, back] * 6, rules={"return_substitutions": True})
    assert person(state, A, "Ann").on
    assert FOOTBALL.illegal(play(first), back) is not None


@pytest.mark.parametrize(
    ("sequence", "tally", "winner"),
    [
        ("A+ B- A+ B- A+ B+", (3, 1), None),
        ("A+ B- A+ B- A+", (3, 0), None),
        ("A+ B- A+ B- A+ B-", (3, 0), A),
        ("B+ A+ B- A+ B- A+ B+ A+", (4, 2), A),
        ("A- B+ A- B+ A+ B- A- B+", (1, 3), B),
        ("A+ B+ A- B+ A+ B+ A+ B+ A+", (4, 4), None),
        ("A+ B+ A+ B+ A+ B+ A+ B+ A+ B+", (5, 5), None),
        ("A+ B+ A+ B+ A+ B+ A+ B+ A+ B-", (5, 4), A),
        ("A+ B+ A+ B+ A+ B+ A+ B+ A- B+", (4, 5), B),
        ("A+ B+ A+ B+ A+ B+ A+ B+ A+ B+ A+", (6, 5), None),
        ("A+ B+ A+ B+ A+ B+ A+ B+ A+ B+ A+ B-", (6, 5), A),
        ("A+ B+ A+ B+ A+ B+ A+ B+ A+ B+ A- B+", (5, 6), B),
        ("A- B- A- B- A- B- A- B- A- B- A- B-", (0, 0), None),
    ],
)
def test_when_a_shootout_is_decided(sequence, tally, winner):
    """Law 10: it ends as soon as a lead can't be reached any more, then kick by kick."""
    said = kicks(sequence)
    state = play(*said, rules=CUP)
    assert FOOTBALL.score(state)["shootout"] == dict(zip((A, B), tally, strict=True))
    other = B if said[-1].origin == A else A
    reason = FOOTBALL.illegal(state, act("shootout_saved", other, 150))
    assert (reason is None) == (winner is None)
    assert winner is None or reason.startswith(f"{winner} has won the shoot-out")


def test_the_kicks_alternate():
    """The same side can't kick twice running."""
    reason = FOOTBALL.illegal(play(*kicks("A+"), rules=CUP), *kicks("A+"))
    assert reason == f"the kicks alternate (Law 10): it is {B}'s turn"


def test_a_shootout_needs_a_rule():
    """Without the rule there are no kicks, neither offered nor taken."""
    assert FOOTBALL.illegal(play(), *kicks("A+")) == (
        "there is no shoot-out under this event's rules"
    )
    assert not [kind for kind in FOOTBALL.kinds() if kind.title.startswith("shootout")]
    assert len([kind for kind in FOOTBALL.kinds(CUP) if kind.title.startswith("shootout")]) == 3


def test_a_shootout_can_begin_unreported():
    """Where no period was reported, the first kick begins the shoot-out; goals are over then."""
    state = play(*kicks("A+"), rules=CUP)
    assert FOOTBALL.score(state)["period"] == "shootout"
    assert FOOTBALL.illegal(state, act("goal", minutes=140)) == "no goal in a shoot-out"


def test_no_kick_while_a_reported_half_is_played():
    """A kick waits until the rest of the match can have been played, reported or not."""
    rules = {"shootout": True}
    first = whistle("period_start", "first_half", 0)
    state = play(first, rules=rules)
    assert FOOTBALL.illegal(state, act("shootout_scored", minutes=50)) == (
        "no shoot-out in the first half"
    )
    assert FOOTBALL.illegal(state, act("shootout_scored", minutes=105)) is None
    state = play(first, whistle("period_end", "second_half", 80), rules=rules)
    assert FOOTBALL.illegal(state, act("shootout_scored", minutes=81)) is None


def test_periods_follow_each_other():
    """A period does not begin twice, nor after a later one; one that went unreported is passed."""
    state = play(whistle("period_start", "second_half", 60), rules=CUP)
    assert "is past" in FOOTBALL.illegal(state, whistle("period_start", "first_half", 61))
    assert "already begun" in FOOTBALL.illegal(state, whistle("period_start", "second_half", 61))
    state = FOOTBALL.apply(state, whistle("period_end", "second_half", 105))
    assert "already ended" in FOOTBALL.illegal(state, whistle("period_end", "second_half", 106))
    assert FOOTBALL.illegal(state, whistle("period_end", "extra_second", 140)) is None
    assert FOOTBALL.illegal(play(), whistle("period_start", "extra_first", 91)) == (
        "there is no extra time under this event's rules"
    )
    assert "no kick" in FOOTBALL.illegal(state, whistle("period_end", "shootout", 140))


def test_nothing_depends_on_a_reported_kick_off():
    """Goals, cards and full time need no period."""
    state = play(act("goal"), act("yellow_card"), Action("full_time", "", at(100)))
    assert FOOTBALL.over(state)
    assert FOOTBALL.illegal(state, act("goal", minutes=101)) == "the event is over"


@pytest.mark.parametrize(
    ("rules", "period", "level", "over"),
    [
        ({}, "first_half", True, False),
        ({}, "second_half", True, True),
        (CUP, "second_half", True, False),
        (CUP, "second_half", False, True),
        ({"shootout": True}, "second_half", True, False),
        (CUP, "extra_first", True, False),
        (CUP, "extra_second", True, False),
        (CUP, "extra_second", False, True),
        ({"extra_time": True}, "extra_second", True, True),
    ],
)
def test_which_whistle_is_the_last(rules, period, level, over):
    """A match ends with the last period that its rules and score ask for (Law 10)."""
    goals = [] if level else [act("goal")]
    state = play(*goals, whistle("period_end", period, 100), rules=rules)
    assert FOOTBALL.over(state) is over


def test_full_time_of_a_level_cup_match_is_not_the_end():
    """Full time ends what is being played; where extra time is due, the event goes on."""
    whistles = Action("full_time", "", at(95))
    state = play(whistle("period_start", "second_half", 46), whistles, rules=CUP)
    assert not FOOTBALL.over(state)
    state = play(*kicks("A+ B- A+ B- A+ B-"), Action("full_time", "", at(140)), rules=CUP)
    assert FOOTBALL.over(state)


@pytest.mark.parametrize(
    ("origins", "rules", "lineups", "word"),
    [
        (["A"], {}, {}, "two sides"),
        (["A", "A"], {}, {}, "two sides"),
        (["A", "B", "C"], {}, {}, "two sides"),
        (["A", ""], {}, {}, "two sides"),
        (["A", "B"], {"best_of": 3}, {}, "best_of"),
        (["A", "B"], {"shootout": 1}, {}, "shootout"),
        (["A", "B"], {"players": True}, {}, "players"),
        (["A", "B"], {"players": 12}, {}, "12, not 1 to 11"),
        (["A", "B"], {"half_minutes": 0}, {}, "half_minutes"),
        (["A", "B"], {}, {"C": ["Cy"]}, "'C'"),
        (["A", "B"], {}, {"A": ["Ann", "ANN"]}, "ANN"),
        (["A", "B"], {}, {"A": [" "]}, "line-up of A"),
    ],
)
def test_settings_that_football_cannot_be_played_with(origins, rules, lineups, word):
    """Start refuses them and names what is wrong."""
    with pytest.raises(SettingError, match=word):
        FOOTBALL.start(origins, rules, lineups)


def test_apply_raises_what_illegal_says():
    """An illegal action raises with the sentence; a fold leaves it out and goes on."""
    state = play(act("yellow_card", player="Ann"))
    with pytest.raises(IllegalAction, match="already booked"):
        FOOTBALL.apply(state, act("yellow_card", player="Ann"))
    folded = fold(FOOTBALL, state, [act("yellow_card", player="Ann"), act("goal")])
    assert list(folded.left_out) == [0]
    assert FOOTBALL.score(folded.state)["goals"] == {A: 1, B: 0}


def test_kinds_take_what_reporters_say():
    """Each kind's details are its own; a period must be named; goals exclude each other."""
    kinds = {kind.title: kind for kind in FOOTBALL.kinds(CUP)}
    assert misfit(kinds, (A, B), act("goal", how="penalty", player="Ann", assist="Amy")) is None
    assert "how" in (misfit(kinds, (A, B), act("goal", how="bicycle")) or "")
    assert "needs period" in (misfit(kinds, (A, B), Action("period_start")) or "")
    assert kinds["goal"].identity == ()
    assert kinds["goal"].exclusive
    assert 16 < kinds["goal"].window < 40
    assert kinds["goal_disallowed"].relates_to == "goal"
    assert {k.exclusive for k in kinds.values() if k.title.startswith("shootout")} == {"kick"}
