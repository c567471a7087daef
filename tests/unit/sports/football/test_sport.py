"""The Laws as the football sport holds them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, fold, get, misfit
from touchline.sports.football import FOOTBALL
from touchline.sports.football import state as state_of_football
from touchline.sports.football.play import MOST_PEOPLE

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


def test_names_are_folded_once(monkeypatch):
    """However many people are known, finding another one by name folds that name alone."""
    state = play(*(act("goal", player=f"Player {n}") for n in range(50)))
    folded = []
    monkeypatch.setattr(state_of_football, "key", lambda name: folded.append(name) or name.lower())
    assert state.sides[0].find("PLAYER 49") == 49
    assert folded == ["PLAYER 49"]


def test_so_many_people_are_known():
    """Beyond them goals, cards and changes count as those of people who are not known."""
    many = [f"Player {n}" for n in range(MOST_PEOPLE + 5)]
    state = play(*(act("goal", player=name) for name in many))
    assert state.sides[0].goals == len(many)
    assert [one.name for one in state.sides[0].people] == many[:MOST_PEOPLE]
    assert [goal.scorer for goal in state.goals[-6:]] == [MOST_PEOPLE - 1] + [-1] * 5
    for action in (
        act("red_card", player=many[-1]),
        act("substitution", off=many[-1], on=many[-2]),
        act("goal_disallowed"),
    ):
        after = play(*(act("goal", player=name) for name in many), action)
        assert after.sides[0].people[-1].name == many[MOST_PEOPLE - 1]
    assert FOOTBALL.phrase(state, act("goal", player=many[-1])).startswith(
        f"GOAL for {A}: {many[-1]}"
    )


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


def entered(action: Action, entry: str, relates_to: str = "") -> Action:
    """Return an action as it stands on a timeline."""
    return replace(action, entry=entry, relates_to=relates_to)


def test_a_disallowed_goal_is_the_one_that_its_entry_names():
    """That goal goes, from the score and from its scorer, and no later one."""
    goals = (
        entered(act("goal", minutes=10, player="Ann"), "1"),
        entered(act("goal", minutes=12, player="Ann"), "2"),
        entered(act("goal", minutes=13, player="Amy"), "3"),
    )
    state = play(*goals, entered(act("goal_disallowed", minutes=14), "4", "1"))
    assert [goal.entry for goal in state.goals] == ["2", "3"]
    assert person(state, A, "Ann").goal_times == (at(12),)
    assert person(state, A, "Amy").goals == 1


@pytest.mark.parametrize("relates_to", ["1", "7", "2"])
def test_a_disallowed_goal_that_is_gone_takes_no_other(relates_to):
    """Taken back already, never accepted, or the other side's: the score stays."""
    state = play(
        entered(act("goal"), "1"),
        entered(act("goal", B), "2"),
        entered(act("goal_disallowed"), "3", "1"),
        entered(act("goal"), "4"),
        entered(act("goal_disallowed"), "5", relates_to),
    )
    assert FOOTBALL.score(state)["goals"] == {A: 1, B: 1}


def test_a_disallowed_goal_may_stand_after_the_whistle_against_it():
    """Times are as people state them: whichever of the two comes first, the goal does not count."""
    state = play(entered(act("goal_disallowed"), "2", "1"), entered(act("goal"), "1"))
    assert FOOTBALL.score(state)["goals"] == {A: 0, B: 0}


def test_a_goal_without_an_entry_is_taken_back_in_time():
    """Of a confirmed score nothing says which goal it is: the latest of the last five minutes."""
    state = play(act("goal", minutes=10), entered(act("goal", minutes=14), "1"))
    assert FOOTBALL.illegal(state, act("goal_disallowed", minutes=16)) == (
        f"{A} has no goal of the last 5 minutes to take away"
    )
    state = FOOTBALL.apply(state, act("goal_disallowed", minutes=15))
    assert [goal.entry for goal in state.goals] == ["1"]


def test_a_disallowed_goal_takes_the_latest_of_its_side_away():
    """Outside of a timeline it is the latest, from the score and from its scorer."""
    state = play(
        act("goal", player="Ann"),
        act("goal", player="Amy"),
        act("goal", B, player="Bea"),
        act("goal_disallowed"),
    )
    assert FOOTBALL.score(state)["goals"] == {A: 1, B: 1}
    assert (person(state, A, "Ann").goals, person(state, A, "Amy").goals) == (1, 0)
    assert FOOTBALL.illegal(play(act("goal", B)), act("goal_disallowed")) == (
        f"{A} has no goal of the last 5 minutes to take away"
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
        ({"off": "Nobody", "on": "Sub 2"}, "Nobody is not one of the side's players"),
        ({"off": "Sub 2", "on": "Sub 3"}, None),
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
    """Law 3: who was not yet on comes on, who has not gone off goes, nobody sent off either. Who
    goes off from the bench has come on unreported."""
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


def test_a_substitution_that_nobody_reported_is_implied():
    """Who goes off without having come on has come on unheard, with or without a known bench."""
    for lineup in (ELEVEN, (*ELEVEN, "Sub 1", "Sub 2")):
        state = play(act("substitution", off="Sub 1", on="Sub 2"), lineups={A: lineup, B: []})
        assert not person(state, A, "Sub 1").on
        assert person(state, A, "Sub 2").on
        assert FOOTBALL.illegal(state, act("substitution", off="Sub 1")) is not None


def test_an_unreported_return_is_implied():
    """Where players may come back, one who goes off twice has come back, and one who comes on
    twice has gone off, unheard."""
    rules = {"return_substitutions": True}
    state = play(act("substitution", off="Ann", on="Amy"), rules=rules)
    assert FOOTBALL.illegal(state, act("substitution", off="Ann", on="Ada")) is None
    assert FOOTBALL.illegal(state, act("substitution", off="Bea", on="Amy")) is None


def substitutions(count: int, minutes: float = 60):
    return [act("substitution", minutes=minutes, off=f"P{n}", on=f"S{n}") for n in range(count)]


def test_substitutions_for_a_concussion_are_apart():
    """One that is made for a concussion takes none of the five, nor do they take its place; of one
    of which nobody says why it may be either. The sentence names what there were."""
    tactical = [
        act("substitution", off=f"P{n}", on=f"S{n}", reason=("tactical", "injury")[n % 2])
        for n in range(5)
    ]
    head = act("substitution", off="Ann", on="Amy", reason="concussion")
    state = play(*tactical)
    assert FOOTBALL.illegal(state, act("substitution", reason="injury")) == (
        f"{A} has made 5 substitutions that are for no concussion, at most 5"
    )
    assert FOOTBALL.illegal(state, act("substitution")) is None
    assert FOOTBALL.illegal(state, head) is None
    state = play(head)
    assert FOOTBALL.illegal(state, act("substitution", reason="concussion")) == (
        f"{A} has made 1 substitutions for a concussion, at most 1"
    )
    state = play(head, *tactical)
    for reason in ({}, {"reason": "tactical"}, {"reason": "concussion"}):
        assert FOOTBALL.illegal(state, act("substitution", **reason)) == (
            f"{A} has made 6 substitutions, at most 6"
        )
    start = whistle("period_start", "second_half", 60)
    state = play(start, *tactical, rules=CUP)
    late = act("substitution", minutes=106, reason="tactical")
    assert FOOTBALL.illegal(state, late) is None


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
    """The same side can't kick twice running, unless the other had the time to kick between."""
    state = play(*kicks("A+"), rules=CUP)
    reason = FOOTBALL.illegal(state, act("shootout_scored", minutes=130.4))
    assert reason == f"the kicks alternate (Law 10): {A} kicked 24 s before, so it is {B}'s turn"
    assert FOOTBALL.illegal(state, act("shootout_scored", minutes=130.5)) is None


def test_an_unreported_kick_is_implied():
    """It counts as taken and is said to be unreported; those around it stand."""
    state = play(*kicks("A+ B+ A+ A- B+"), rules=CUP)
    score = FOOTBALL.score(state)
    assert (score["shootout"], score["shootout_unreported"]) == ({A: 2, B: 2}, {A: 0, B: 1})
    assert FOOTBALL.headline(state) == f"{A} 0–0 {B} (2–2 pens, 1 unreported)"
    fourth = play(*kicks("A+ B+ A+ A-"), rules=CUP)
    said = FOOTBALL.phrase(fourth, kicks("A+ B+ A+ A-")[-1])
    assert f"(the kick of {B} before it went unreported)" in said
    assert "before it" not in FOOTBALL.phrase(fourth, kicks("A+ B+ A+ B-")[-1])
    assert "unreported)" not in FOOTBALL.phrase(state, act("shootout_scored", B)).split(". ")[0]
    assert "shootout_unreported" not in FOOTBALL.score(play(*kicks("A+ B+ A+"), rules=CUP))


@pytest.mark.parametrize(
    ("sequence", "winner"),
    [
        ("A+ A+ B- A+", None),  # B may have scored with the first, and has three more
        ("A+ A+ B- A+ B-", None),  # 3-0, and one of B's three may have been in
        ("A+ A+ B- A+ B- A+", A),  # 4-0, at most 4-2 with the last
    ],
)
def test_an_unreported_kick_may_have_gone_either_way(sequence, winner):
    """A shoot-out is not won as long as an unreported kick could still decide otherwise."""
    state = play(*kicks(sequence), rules=CUP)
    reason = FOOTBALL.illegal(state, act("shootout_saved", B, 150))
    assert (reason is None) == (winner is None)


def test_a_shootout_of_which_no_kick_was_reported_ends():
    """Its end is seen by everybody, and is no less true for that."""
    state = play(whistle("period_end", "extra_second", 125), rules=CUP)
    state = FOOTBALL.apply(state, whistle("period_end", "shootout", 140))
    assert FOOTBALL.over(state)


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


def test_nothing_depends_on_a_reported_kick_off():
    """Goals, cards and full time need no period."""
    state = play(act("goal"), act("yellow_card"), Action("full_time", "", at(100)))
    assert FOOTBALL.over(state)
    assert FOOTBALL.illegal(state, Action("full_time", "", at(101))) == "the event is over"


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


def test_after_the_whistle():
    """A card after the whistle, a goal by penalty and one that is taken back are what they are; the
    match stays over."""
    state = play(act("goal"), Action("full_time", "", at(95)))
    for action in (act("yellow_card", minutes=96), act("goal", origin=B, minutes=99)):
        assert FOOTBALL.illegal(state, action) is None
        state = FOOTBALL.apply(state, action)
    assert FOOTBALL.headline(state) == "Argentina 1–1 France"
    assert FOOTBALL.over(state)


def test_the_whistle_was_not_the_last():
    """Of a cup match that seemed decided extra time may begin, or kicks: a goal went unreported.
    A goal that makes it level lets it go on, one that is taken back likewise."""
    led = play(act("goal"), Action("full_time", "", at(95)), rules=CUP)
    assert FOOTBALL.over(led)
    extra = Action("period_start", "", at(100), {"period": "extra_first"})
    assert FOOTBALL.illegal(led, extra) is None
    assert not FOOTBALL.over(FOOTBALL.apply(led, extra))
    assert not FOOTBALL.over(FOOTBALL.apply(led, act("shootout_scored", minutes=140)))
    assert not FOOTBALL.over(FOOTBALL.apply(led, act("goal", origin=B, minutes=96)))
    assert not FOOTBALL.over(FOOTBALL.apply(led, act("goal_disallowed", minutes=12)))
    assert "no extra time" in (FOOTBALL.illegal(play(act("goal")), extra) or "")


def test_the_whistle_was_that_of_the_first_half():
    """Where the second half begins after a full time that was told too early, it has not been
    played yet."""
    first = Action("period_start", "", at(0), {"period": "first_half"})
    second = Action("period_start", "", at(62), {"period": "second_half"})
    state = play(first, Action("full_time", "", at(47)))
    assert FOOTBALL.over(state)
    assert FOOTBALL.illegal(state, second) is None
    state = FOOTBALL.apply(state, second)
    assert not FOOTBALL.over(state)
    assert FOOTBALL.clock(state, at(63)) == "47'"
    assert "already begun" in (FOOTBALL.illegal(state, second) or "")


def test_full_time_of_a_level_cup_match_is_not_the_end():
    """Full time ends what is being played; where extra time is due, the event goes on."""
    whistles = Action("full_time", "", at(95))
    state = play(whistle("period_start", "second_half", 46), whistles, rules=CUP)
    assert not FOOTBALL.over(state)
    state = play(*kicks("A+ B- A+ B- A+ B-"), Action("full_time", "", at(140)), rules=CUP)
    assert FOOTBALL.over(state)


@pytest.mark.parametrize(
    ("first_leg", "away_goals", "goals", "over"),
    [
        ("", False, (1, 0), True),
        ("", False, (1, 1), False),
        ("0-1", False, (1, 0), False),
        ("0-1", False, (2, 0), True),
        # A scored one away, B none: level over both, and A through.
        ("1-2", True, (1, 0), True),
        ("1-2", True, (2, 1), False),
        ("0-1", True, (2, 1), True),
        ("0-0", True, (1, 1), True),
    ],
)
def test_over_two_legs(first_leg, away_goals, goals, over):
    """Extra time is due where the sides are level over both legs, away goals too if these count."""
    rules = CUP | {"first_leg": first_leg, "away_goals": away_goals}
    said = [
        act("goal", side, n) for side, most in zip((A, B), goals, strict=True) for n in range(most)
    ]
    state = play(*said, whistle("period_end", "second_half", 95), rules=rules)
    assert FOOTBALL.over(state) == over


def test_the_aggregate_is_said():
    """Under a first leg headline and score have the goals of both."""
    state = play(act("goal"), rules={"first_leg": "1-2"})
    assert FOOTBALL.headline(state) == "Argentina 1–0 France, 2–2 on aggregate"
    assert FOOTBALL.score(state)["aggregate"] == {A: 2, B: 2}
    assert "aggregate" not in FOOTBALL.score(play(act("goal")))


def test_what_changes_nothing_is_said():
    """Penalties on their way to a kick, shots, and added time leave the state as it is."""
    state = play(act("goal", minutes=3))
    for action, said in (
        (act("penalty", player="Ann", reason="handball"), "Penalty for Argentina: Ann (handball)"),
        (act("penalty_cancelled"), "Penalty of Argentina cancelled"),
        (
            act("penalty_retaken", reason="encroachment"),
            "Penalty of Argentina is retaken: encroachment",
        ),
        (act("shot", player="Ann", result="post"), "Shot of Argentina: Ann (post)"),
        (
            Action("added_time", "", at(45), {"minutes": 4}),
            "Added time: 4 minutes at least",
        ),
    ):
        assert FOOTBALL.apply(state, action) is state
        assert FOOTBALL.phrase(state, action) == said


@pytest.mark.parametrize("minutes", [-1, 61, float("nan"), "4"])
def test_no_such_added_time(minutes):
    """More than an hour is never added."""
    action = Action("added_time", "", at(45), {"minutes": minutes})
    assert "not 0 to 60" in (FOOTBALL.illegal(play(), action) or "")


def test_people_off_the_pitch_are_booked():
    """A substitute is booked as one who may still come on; a coach never does. Before the first
    whistle too, and after the last."""
    names = (*ELEVEN, "Sub")
    card = act("yellow_card", player="Sub", person="substitute", minutes=-5)
    state = play(card, lineups={A: names})
    assert FOOTBALL.illegal(state, act("substitution", on="Sub", off="Player 2")) is None
    state = play(act("full_time", minutes=95), act("red_card", player="Cox", person="coach"))
    assert person(state, A, "Cox").official


def test_a_concussion_substitution_is_said():
    """Why somebody goes off is told where it is no matter of tactics."""
    state = play(act("goal"))
    change = act("substitution", off="Ann", on="Amy", reason="concussion")
    assert (
        FOOTBALL.phrase(state, change) == "Substitution for Argentina: Amy on for Ann (concussion)"
    )
    change = act("substitution", off="Ann", on="Amy", reason="tactical")
    assert FOOTBALL.phrase(state, change) == "Substitution for Argentina: Amy on for Ann"


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
        (["A", "B"], {"first_leg": 1}, {}, "first_leg is 1, not a text"),
        (["A", "B"], {"first_leg": "one"}, {}, "first_leg is 'one', not goals such as 1-2"),
        (["A", "B"], {"away_goals": True}, {}, "away_goals needs first_leg"),
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


def test_a_formation_says_where_starters_stand():
    """The rules say how each side lines up; the page puts the starters there, in the order of the
    line-up, the goalkeeper first."""
    rules = {"home_formation": "4-2-3-1", "away_formation": "3-5-2"}
    lineup = FOOTBALL.presentation(rules).lineup
    assert lineup.rows == ((1, 4, 2, 3, 1), (1, 3, 5, 2))
    assert FOOTBALL.presentation({"away_formation": "4-4-2"}).lineup.rows == ((), (1, 4, 4, 2))
    assert FOOTBALL.presentation({}).lineup.rows == ()


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ({"home_formation": "433"}, "such as 4-3-3"),
        ({"home_formation": "4-3-x"}, "such as 4-3-3"),
        ({"away_formation": "4-4-3"}, "with the goalkeeper 12, not 11"),
        ({"away_formation": "4-3-3", "players": 7}, "with the goalkeeper 11, not 7"),
        ({"away_formation": 433}, "not a text"),
    ],
)
def test_a_formation_that_is_none(rules, word):
    """A formation is rows of players, who are with the goalkeeper as many as play."""
    with pytest.raises(SettingError, match=word):
        FOOTBALL.start((A, B), rules, None)
