"""Tennis against a scorer that is written another way: slow, naive, with everything spelt out."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline import sports
from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, State
from touchline.sports.tennis import TENNIS

FINAL_SETS = ("advantage", "tiebreak_7", "tiebreak_10", "tiebreak_12", "match_tiebreak")


def start(rules: Mapping[str, object] | None = None) -> State:
    return TENNIS.start(["A", "B"], rules)


def play(state: State, points: str) -> State:
    for side in points:
        state = TENNIS.apply(state, Action("point", side))
    return state


def other(side: str) -> str:
    return {"A": "B", "B": "A"}[side]


@dataclass
class Naive:
    """Scores a match point by point on plain counters, swapping the server by hand."""

    best_of: int = 3
    final_set: str = "tiebreak_7"
    no_ad: bool = False
    points: dict[str, int] = field(default_factory=lambda: {"A": 0, "B": 0})
    games: dict[str, int] = field(default_factory=lambda: {"A": 0, "B": 0})
    sets: dict[str, int] = field(default_factory=lambda: {"A": 0, "B": 0})
    previous: list[list[int]] = field(default_factory=list)
    tiebreaks: list[list[int]] = field(default_factory=list)
    server: str = "A"
    served: str = ""
    began_tiebreak: str = ""
    winner: str = ""

    def target(self) -> int:
        last = self.sets["A"] + self.sets["B"] + 1 == self.best_of
        if last and self.final_set == "match_tiebreak":
            return 10
        level = self.games["A"] == self.games["B"]
        if last and self.final_set == "advantage":
            return 0
        if last and self.final_set == "tiebreak_12":
            return 7 if level and self.games["A"] == 12 else 0
        if level and self.games["A"] == 6:
            return 10 if last and self.final_set == "tiebreak_10" else 7
        return 0

    def point(self, side: str) -> None:
        target = self.target()
        self.served = self.server
        if target and not self.points["A"] + self.points["B"]:
            self.began_tiebreak = self.server
        self.points[side] += 1
        mine, theirs = self.points[side], self.points[other(side)]
        if target:
            if (mine + theirs) % 2 == 1:
                self.server = other(self.server)
            if mine >= target and mine > theirs + 1:
                tiebreak = [self.points["A"], self.points["B"]]
                self.server = other(self.began_tiebreak)
                self.game(side)
                self.set(side, tiebreak)
            return
        if (mine > 3 and mine > theirs + 1) or (self.no_ad and mine > 3):
            self.server = other(self.server)
            self.game(side)
            if self.games[side] > 5 and self.games[side] > self.games[other(side)] + 1:
                self.set(side, [])

    def game(self, side: str) -> None:
        self.points = {"A": 0, "B": 0}
        self.games[side] += 1

    def set(self, side: str, tiebreak: list[int]) -> None:
        self.previous.append([self.games["A"], self.games["B"]])
        self.tiebreaks.append(tiebreak)
        self.games = {"A": 0, "B": 0}
        self.sets[side] += 1
        if self.sets[side] * 2 > self.best_of:
            self.winner = side

    def called(self, side: str) -> str | int:
        mine, theirs = self.points[side], self.points[other(side)]
        if not self.winner and self.target():
            return mine
        while mine > 4 or theirs > 4 or (mine == 4 and theirs == 4):
            mine, theirs = mine - 1, theirs - 1
        if theirs == 4:
            return "40"
        return ["0", "15", "30", "40", "AD"][mine]

    def score(self) -> dict[str, object]:
        return {
            "sets": self.sets,
            "games": self.games,
            "points": {"A": self.called("A"), "B": self.called("B")},
            "tiebreak": not self.winner and self.target() > 0,
            "previous": self.previous,
            "tiebreaks": self.tiebreaks,
            "served": self.served,
            "server": "" if self.winner else self.server,
            "server_player": "",
            "winner": self.winner,
            "ended": "played" if self.winner else "",
        }


def naive(points: str, **rules: object) -> dict[str, object]:
    scorer = Naive(**rules)  # type: ignore[arg-type]
    for side in points:
        scorer.point(side)
    return scorer.score()


def every(rules: Mapping[str, object], before: str, steps: int, unit: int = 1) -> int:
    """Compare all continuations of up to `steps` times `unit` equal points; return how many."""
    ahead = [(play(start(rules), before), before, steps)]
    compared = 0
    while ahead:
        state, points, left = ahead.pop()
        assert TENNIS.score(state) == naive(points, **rules), points
        compared += 1
        if left and not TENNIS.over(state):
            ahead += [(*play_on(state, points, side * unit), left - 1) for side in "AB"]
    return compared


def play_on(state: State, before: str, points: str) -> tuple[State, str]:
    """Play points as long as the match lasts; return the state and all points played."""
    for side in points:
        if TENNIS.over(state):
            break
        state, before = play(state, side), before + side
    return state, before


@pytest.mark.parametrize("no_ad", [False, True])
def test_every_string_of_points(no_ad: bool) -> None:
    """All strings of up to ten points score as the naive scorer says, with and without no-ad."""
    rules = {"no_ad": no_ad}
    assert every(rules, "", 10) == 2**11 - 1


def test_every_string_of_games() -> None:
    """All strings of up to eleven games of a set score as the naive scorer says."""
    assert every({}, "", 11, unit=4) > 2_000


@pytest.mark.parametrize("final_set", FINAL_SETS)
def test_every_string_of_sets(final_set: str) -> None:
    """All ways to win a match of five in straight-game sets score as the naive scorer says."""
    rules = {"best_of": 5, "final_set": final_set}
    assert every(rules, "", 5, unit=24) == 39


SIX_ALL = "AAAABBBB" * 6
SET_EACH = "AAAA" * 6 + "BBBB" * 6


@pytest.mark.parametrize(
    ("before", "final_set"),
    [
        (SIX_ALL, "advantage"),
        (SIX_ALL + "A" * 5 + "B" * 5, "advantage"),
        (SET_EACH + SIX_ALL, "tiebreak_7"),
        (SET_EACH + SIX_ALL + "A" * 8 + "B" * 8, "tiebreak_10"),
        (SET_EACH + SIX_ALL, "advantage"),
        (SET_EACH + SIX_ALL * 2, "tiebreak_12"),
        (SET_EACH + SIX_ALL * 2 + "AAAAABBBBB", "tiebreak_12"),
        (SET_EACH + "A" * 8 + "B" * 7, "match_tiebreak"),
    ],
)
def test_every_string_of_points_about_a_tiebreak(before: str, final_set: str) -> None:
    """All strings of seven points at the verge of a tie-break score as the naive scorer says."""
    rules = {"final_set": final_set}
    assert every(rules, before, 7) > 20


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.sampled_from([3, 5]),
    st.sampled_from(FINAL_SETS),
    st.booleans(),
    st.sampled_from([0.5, 0.75]),
)
def test_whole_matches(
    seed: int, best_of: int, final_set: str, no_ad: bool, evenness: float
) -> None:
    """Random whole matches score at every point as the naive scorer says, and come to an end."""
    rules = {"best_of": best_of, "final_set": final_set, "no_ad": no_ad}
    chance = random.Random(seed)
    state = start(rules)
    scorer = Naive(**rules)  # type: ignore[arg-type]
    while not TENNIS.over(state):
        # Servers win most points, so that sets become long.
        side = scorer.server if chance.random() < evenness else other(scorer.server)
        state = play(state, side)
        scorer.point(side)
        assert TENNIS.score(state) == scorer.score()
    assert scorer.winner
    assert max(scorer.sets.values()) == best_of // 2 + 1


def test_use_through_the_registry() -> None:
    """The few lines that a user writes give the score that they expect."""
    tennis = sports.get("tennis")
    state = tennis.start(origins=["A", "B"], rules={"best_of": 5, "final_set": "advantage"})
    state = tennis.apply(state, Action(title="point", origin="A", time=1, details={"how": "ace"}))
    assert tennis.score(state)["points"] == {"A": "15", "B": "0"}


@pytest.mark.parametrize(
    ("final_set", "points", "line"),
    [
        ("advantage", SIX_ALL + "AAAABBBB" + "AAAAAAAA", "A 6–0 0–6 9–7 B"),
        ("tiebreak_7", SIX_ALL + "A" * 7, "A 6–0 0–6 7–6(0) B"),
        ("tiebreak_10", SIX_ALL + "A" * 9 + "B" * 8 + "A", "A 6–0 0–6 7–6(8) B"),
        ("tiebreak_12", SIX_ALL * 2 + "BBBAAAAAAA", "A 6–0 0–6 13–12(3) B"),
        ("match_tiebreak", "B" * 8 + "A" * 10, "A 6–0 0–6 [10–8] B"),
    ],
)
def test_final_sets(final_set: str, points: str, line: str) -> None:
    """Each rule for the last set ends the match exactly where it says."""
    state = play(start({"final_set": final_set}), SET_EACH + points[:-1])
    assert not TENNIS.over(state)
    state = play(state, points[-1])
    assert TENNIS.over(state)
    assert TENNIS.headline(state) == line
    assert TENNIS.score(state)["winner"] == "A"


def test_nothing_after_the_last_point() -> None:
    """After match point nothing can happen, and the refusal says who won."""
    state = play(start({"best_of": 5}), "A" * 24 * 2 + "B" * 24 + "A" * 24)
    assert TENNIS.illegal(state, Action("point", "B")) == "the match is over: A won 3–1"
    with pytest.raises(IllegalAction, match="A won 3–1"):
        TENNIS.apply(state, Action("point", "B"))


@pytest.mark.parametrize(
    ("title", "ended", "line"),
    [
        ("retire", "retired", "A 6–0 0–0 (15–0) B (B retired)"),
        ("default", "defaulted", "A 6–0 0–0 (15–0) B (B was defaulted)"),
    ],
)
def test_giving_up(title: str, ended: str, line: str) -> None:
    """A side that retires or is defaulted loses at the score as it stands."""
    state = play(start(), "A" * 25)
    state = TENNIS.apply(state, Action(title, "B"))
    score = TENNIS.score(state)
    assert (score["winner"], score["ended"], score["points"]) == ("A", ended, {"A": "15", "B": "0"})
    assert score["server"] == ""
    assert TENNIS.headline(state) == line
    assert TENNIS.illegal(state, Action("point", "A")) is not None


def test_retiring_in_a_tiebreak_keeps_its_numbers() -> None:
    """The points of a tie-break stay numbers when a side retires during it."""
    state = TENNIS.apply(play(start(), SIX_ALL + "ABB"), Action("retire", "A"))
    assert TENNIS.score(state)["points"] == {"A": 1, "B": 2}
    assert TENNIS.headline(state) == "A 6–6 (1–2) B (A retired)"


def test_walkover_only_before_play() -> None:
    """A walkover is possible before the first point only."""
    state = TENNIS.apply(start(), Action("walkover", "A"))
    assert TENNIS.score(state)["winner"] == "B"
    assert TENNIS.headline(state) == "A B (A did not play)"
    refusal = TENNIS.illegal(play(start(), "A"), Action("walkover", "A"))
    assert refusal == "play has begun: a side that stops now retires or is defaulted"


def test_tiebreak_service() -> None:
    """In a tie-break the first server serves once, then each side twice (rule 5b)."""
    state = play(start(), SIX_ALL)
    served = []
    for side in "ABABABABAB":
        served.append(TENNIS.score(state)["server"])
        state = play(state, side)
    assert "".join(map(str, served)) == "ABBAABBAAB"
    assert TENNIS.score(state)["served"] == "B"


@pytest.mark.parametrize("points", ["A" * 7, "ABABABABABABAA"])
def test_service_after_a_tiebreak(points: str) -> None:
    """Whoever served first in the tie-break receives first in the next set, however long it was."""
    state = play(start(), SIX_ALL)
    assert TENNIS.score(state)["server"] == "A"
    assert TENNIS.score(play(state, points))["server"] == "B"


def test_first_server() -> None:
    """The rule, or else a report of the toss, says who serves first."""
    assert TENNIS.score(start({"first_server": "B"}))["server"] == "B"
    state = TENNIS.apply(start(), Action("serve", "B"))
    assert TENNIS.score(state)["server"] == "B"


def test_who_serves_is_told_in_the_middle() -> None:
    """It tells that a game went unreported: service goes on from that side, in turn."""
    state = play(start(), "AAAABB")
    assert TENNIS.score(state)["server"] == "B"
    told = TENNIS.apply(state, Action("serve", "A"))
    assert TENNIS.score(told)["server"] == "A"
    assert TENNIS.score(play(told, "BB"))["server"] == "B"
    assert TENNIS.apply(state, Action("serve", "B")).first == state.first


PAIRS = {"A": ["Ann", "Ada"], "B": ["Bea", "Bo"]}


def names(state: State, units: list[str]) -> list[object]:
    found = []
    for unit in units:
        found.append(TENNIS.score(state)["server_player"])
        state = play(state, unit)
    return found


def test_doubles_service() -> None:
    """The four serve in turn through the games and on through the tie-break (rules 14 and 5b)."""
    state = TENNIS.start(["A", "B"], lineups=PAIRS)
    rota = ["Ann", "Bea", "Ada", "Bo"]
    assert names(state, ["AAAA", "BBBB"] * 6) == rota * 3
    tiebreak = names(play(state, SIX_ALL), list("ABABABABABAB"))
    assert tiebreak == [
        "Ann",
        "Bea",
        "Bea",
        "Ada",
        "Ada",
        "Bo",
        "Bo",
        "Ann",
        "Ann",
        "Bea",
        "Bea",
        "Ada",
    ]


def test_doubles_order_can_change_each_set() -> None:
    """A pair chooses its server before its first service game of a set; told at another time, it
    is the server of the pair's next turn."""
    state = TENNIS.start(["A", "B"], lineups=PAIRS)
    state = TENNIS.apply(state, Action("serve", "B", details={"player": "Bo"}))
    assert names(state, ["AAAA"] * 4) == ["Bo", "Ann", "Bea", "Ada"]
    swap = Action("serve", "A", details={"player": "Ada"})
    assert names(TENNIS.apply(play(state, "AAAA"), swap), ["AAAA"] * 3) == ["Ada", "Bea", "Ann"]
    third = play(state, "AAAA" * 3)
    assert names(third, ["AAAA"]) == ["Ada"]
    other = Action("serve", "A", details={"player": "Ann"})
    assert names(TENNIS.apply(third, other), ["AAAA"] * 3) == ["Ann", "Bo", "Ada"]
    assert names(TENNIS.apply(play(state, "AAAA" * 2), other), ["AAAA"] * 2) == ["Bea", "Ann"]
    second = play(state, "A" * 24)
    assert TENNIS.score(second)["server"] == "B"
    again = TENNIS.apply(second, Action("serve", "B", details={"player": "Bea"}))
    assert names(again, ["AAAA"] * 4) == ["Bea", "Ann", "Bo", "Ada"]


def test_doubles_server_must_play_for_the_side() -> None:
    """A server who is not of the pair is refused; in later sets one must be named."""
    state = TENNIS.start(["A", "B"], lineups=PAIRS)
    stranger = Action("serve", "A", details={"player": "Bo"})
    refusal = TENNIS.illegal(state, stranger)
    assert refusal == "'Bo' does not play for A: there is Ann and Ada"
    second = play(state, "A" * 24)
    assert TENNIS.illegal(second, Action("serve", "A")) == "say which player of A serves"


def test_match_tiebreak_in_doubles() -> None:
    """Service goes on alternately into the match tie-break, where a pair may change its order."""
    state = TENNIS.start(["A", "B"], {"final_set": "match_tiebreak", "no_ad": True}, PAIRS)
    state = play(state, SET_EACH)
    assert names(state, list("ABABABABA")) == [
        "Ann",
        "Bea",
        "Bea",
        "Ada",
        "Ada",
        "Bo",
        "Bo",
        "Ann",
        "Ann",
    ]
    state = TENNIS.apply(state, Action("serve", "A", details={"player": "Ada"}))
    assert TENNIS.score(state)["server_player"] == "Ada"


def test_change_of_ends() -> None:
    """Ends are changed after odd games, and after every six points of a tie-break (rule 10)."""
    state = start()
    changes = []
    for number in range(1, 13):
        state = play(state, "AAAA" if number % 2 else "BBBB")
        if state.change_of_ends:
            changes.append(number)
        assert not play(state, "A").change_of_ends
    assert changes == [1, 3, 5, 7, 9, 11]
    points = []
    for number, side in enumerate("ABABABABABABAA", 1):
        state = play(state, side)
        if state.change_of_ends:
            points.append(number)
    # The fourteenth point ends the set after its thirteenth game, which is odd.
    assert points == [6, 12, 14]


@pytest.mark.parametrize(
    ("points", "line"),
    [
        ("", "A 0–0 B"),
        ("AAAABB", "A 1–0 (0–30) B"),
        ("A" * 16 + "BBBB" * 4 + "A" * 8 + "BBBB" * 6 + "AAAAAAAABBBB" + "ABABABB", None),
    ],
)
def test_headline(points: str, line: str | None) -> None:
    """The headline is the sets, the games, and the points while a game is on."""
    wanted = line or "A 6–4 0–6 2–1 (40–AD) B"
    assert TENNIS.headline(play(start(), points)) == wanted


def test_phrases() -> None:
    """A sentence says what the action did to the score."""
    point = Action("point", "A", details={"how": "ace"})

    def said(before: str) -> str:
        state = play(start(), before)
        return TENNIS.phrase(TENNIS.apply(state, point), point)

    assert said("") == "Point A (ace)"
    assert said("AAA") == "Game A (ace)"
    assert said("A" * 23) == "Game and set A (ace)"
    assert said("A" * 47) == "Game, set and match A (ace)"
    retires = Action("retire", "B", details={"reason": "ankle"})
    assert TENNIS.phrase(TENNIS.apply(start(), retires), retires) == "B retires (ankle)"
    serve = Action("serve", "B", details={"player": "Bo"})
    assert TENNIS.phrase(start(), serve) == "Bo serves first for B"


def test_clock() -> None:
    """The clock runs from the first action as HH:MM:SS and stands still once the match is over."""
    second = 1_000_000
    assert TENNIS.clock(start(), 5 * second) == ""
    state = TENNIS.apply(start(), Action("point", "A", 100 * second))
    assert TENNIS.clock(state, 100 * second) == "00:00:00"
    assert TENNIS.clock(state, (100 + 3 * 3600 + 62) * second) == "03:01:02"
    over = TENNIS.apply(state, Action("retire", "A", 160 * second))
    assert TENNIS.clock(over, 500 * second) == "00:01:00"


def test_a_misplaced_detail_does_not_cost_a_point() -> None:
    """A point counts for the side named even where the receiver is said to have served an ace."""
    state = TENNIS.apply(start(), Action("point", "B", details={"how": "ace"}))
    assert TENNIS.score(state)["points"] == {"A": "0", "B": "15"}


@pytest.mark.parametrize(
    ("origins", "rules", "lineups", "words"),
    [
        (["A"], {}, {}, "two sides"),
        (["A", "A"], {}, {}, "two sides"),
        (["A", ""], {}, {}, "two sides"),
        (["A", "B", "C"], {}, {}, "two sides"),
        (["A", "B"], {"best_of": 4}, {}, "best_of is 4, not one of 1, 3, 5"),
        (["A", "B"], {"best_of": "3"}, {}, "best_of is '3', not one of 1, 3, 5"),
        (["A", "B"], {"tiebreak_at": 4}, {}, "tiebreak_at is 4, in a set to 6 games it is 5 or 6"),
        (["A", "B"], {"set_games": 5}, {}, "set_games is 5, not one of 4, 6, 8"),
        (["A", "B"], {"no_ad": 1}, {}, "no_ad is 1, which is no bool"),
        (["A", "B"], {"first_server": "C"}, {}, "first_server is 'C'"),
        (["A", "B"], {"sets": 3}, {}, "no rule 'sets'; there are best_of"),
        (["A", "B"], {}, {"C": []}, "'C' does not play"),
        (["A", "B"], {}, {"A": ["x", "y", "z"]}, "3 players on a side, at most 2"),
        (["A", "B"], {}, {"A": ["x", "y"], "B": ["z"]}, "2 against 1"),
        (["A", "B"], {}, {"A": ["x", "y"], "B": ["x", "z"]}, "named twice"),
    ],
)
def test_settings_that_cannot_be(
    origins: list[str], rules: dict[str, object], lineups: dict[str, list[str]], words: str
) -> None:
    """A match that can't be played is refused with the reason."""
    with pytest.raises(SettingError, match=words):
        TENNIS.start(origins, rules, lineups)


def test_what_is_not_tennis_is_refused() -> None:
    """Actions, origins and details that tennis does not know never reach the score."""
    assert "no action 'goal'" in str(TENNIS.illegal(start(), Action("goal", "A")))
    assert "no origin 'C'" in str(TENNIS.illegal(start(), Action("point", "C")))
    wrong = Action("point", "A", details={"how": "luck"})
    assert "not one of ace" in str(TENNIS.illegal(start(), wrong))


def test_the_server_is_stated() -> None:
    """A stated server serves the next point, and the turns go on from there."""
    state = play(start(), "AAAA")
    assert TENNIS.score(state)["server"] == "B"
    stated = TENNIS.stated(state, Action("state", "", 0, {"server": "A"}))
    assert TENNIS.score(stated)["server"] == "A"
    assert TENNIS.score(play(stated, "BBBB"))["server"] == "B"
    assert TENNIS.stated(state, Action("state", "", 0, {"server": "B"})) == state


def test_games_are_where_the_score_is_called() -> None:
    """The score is asked for after each game, not after each point."""
    state = play(start(), "AAA")
    assert TENNIS.rests(state) == TENNIS.rests(start())
    assert TENNIS.rests(play(state, "A")) != TENNIS.rests(state)


@pytest.mark.parametrize(
    ("rules", "games", "line"),
    [
        ({"set_games": 4}, "AAAA", "A 4–0 0–0 B"),
        ({"set_games": 4}, "ABABABAA", "A 5–3 0–0 B"),
        ({"set_games": 4}, "ABABABABA", "A 5–4(0) 0–0 B"),
        ({"set_games": 4, "tiebreak_at": 3}, "ABABAA", "A 4–2 0–0 B"),
        ({"set_games": 4, "tiebreak_at": 3}, "ABABABB", "A 3–4(0) 0–0 B"),
        ({"set_games": 8, "best_of": 1}, "AB" * 7 + "AA", "A 9–7 B"),
        ({"set_games": 8, "best_of": 1}, "AB" * 8 + "B", "A 8–9(0) B"),
        ({"best_of": 1}, "AAAAAA", "A 6–0 B"),
    ],
)
def test_sets_of_other_lengths(rules: dict[str, object], games: str, line: str) -> None:
    """Short sets end at four games with two ahead, or by the tie-break at three or four all; a pro
    set at eight."""
    state = start(rules)
    for side in games:
        state = play(state, side * (7 if state.tiebreak_to else 4))
    assert TENNIS.headline(state) == line
    assert TENNIS.over(state) == (rules.get("best_of") == 1)


def test_the_score_of_a_short_set_is_read() -> None:
    """What people confirm of short sets is read, and what can't be is refused."""
    state = start({"set_games": 4, "tiebreak_at": 3})
    after = play(state, "AAAA" * 4 + "B" * 4)
    assert TENNIS.gap(state, after, TENNIS.read_score(state, "4-0 0-1")) is None
    with pytest.raises(SettingError, match="no match under these rules comes to it"):
        TENNIS.read_score(state, "6-4 0-1")


FAST4 = {"set_games": 4, "tiebreak_at": 3, "short_tiebreak": True, "no_ad": True, "no_let": True}


@pytest.mark.parametrize(
    ("points", "line"),
    [
        ("AB" * 4 + "A", "A 4–3(4) 0–0 B"),
        ("AB" * 4, "A 3–3 (4–4) B"),
        ("AAAA", "A 3–3 (4–0) B"),
        ("AAAAA", "A 4–3(0) 0–0 B"),
    ],
)
def test_fast4(points: str, line: str) -> None:
    """At three all a tie-break to five, at four all its next point wins; no advantages."""
    state = start(FAST4)
    for side in "ABABAB":
        state = play(state, side * 4)
    assert TENNIS.headline(play(state, points)) == line
    assert TENNIS.headline(play(start(FAST4), "ABABABA")) == "A 1–0 B"


def test_the_score_of_a_shortened_tie_break_is_read() -> None:
    """5–4 ends one, 6–4 never does, and 4–4 is played on."""
    state = start(FAST4)
    for typed in ("4-3(4)", "4-3(5-4)", "4-3(2)", "3-3 4-4"):
        read = TENNIS.read_score(state, typed)
        adopted = TENNIS.adopt(state, read)
        assert read.items() <= TENNIS.score(adopted).items()
    assert TENNIS.score(TENNIS.adopt(state, TENNIS.read_score(state, "4-3(4)")))["tiebreaks"] == [
        [5, 4]
    ]
    for typed in ("4-3(6-4)", "4-3(5)", "3-3 5-4"):
        with pytest.raises(SettingError):
            TENNIS.read_score(state, typed)


def test_a_match_tie_break_to_seven() -> None:
    """In place of the third set, two ahead."""
    state = start({"final_set": "match_tiebreak_7"})
    state = play(state, "A" * 24 + "B" * 24)
    assert TENNIS.headline(play(state, "AB" * 6 + "A")) == "A 6–0 0–6 (7–6) B"
    assert TENNIS.headline(play(state, "AB" * 6 + "AA")) == "A 6–0 0–6 [8–6] B"


def test_a_penalty_game() -> None:
    """The game goes to the side that is named, and service on to the other; in a tie-break the
    set, with the points that it takes."""
    game = Action("penalty_game", "B", details={"reason": "delay"})
    state = TENNIS.apply(play(start(), "AAA"), game)
    assert TENNIS.headline(state) == "A 0–1 B"
    assert TENNIS.score(state)["server"] == "B"
    assert TENNIS.phrase(state, game) == "Penalty game, game B (delay)"
    state = start()
    for side in "AB" * 6:
        state = play(state, side * 4)
    assert TENNIS.headline(TENNIS.apply(play(state, "AAA"), game)) == "A 6–7(3) 0–0 B"


def test_a_medical_time_out_changes_nothing() -> None:
    """It is said, and the match is as before."""
    state = play(start(), "A")
    action = Action("medical_time_out", "A", 5, {"reason": "thigh"})
    assert TENNIS.apply(state, action) is state
    assert TENNIS.phrase(state, action) == "Medical time-out for A (thigh)"


def test_the_time_played_stands_over_night() -> None:
    """It stands while play is interrupted, and goes on when it is resumed or a point is played."""
    hour = 3_600_000_000
    state = TENNIS.apply(start(), Action("point", "A", 0))
    state = TENNIS.stated(state, Action("state", "", hour, {"play": "interrupted"}))
    assert TENNIS.clock(state, 15 * hour) == "01:00:00"
    resumed = TENNIS.stated(state, Action("state", "", 18 * hour, {"play": "resumed"}))
    assert TENNIS.clock(resumed, 19 * hour) == "02:00:00"
    played = TENNIS.apply(state, Action("point", "A", 18 * hour))
    assert TENNIS.clock(played, 18 * hour + hour // 2) == "01:30:00"
    # The last point before it may be told to have been just after.
    near = TENNIS.apply(state, Action("point", "A", hour + 30_000_000))
    assert TENNIS.clock(near, 18 * hour) == "01:00:00"


def test_who_retires_between_sets_leaves_no_empty_set() -> None:
    """The sets that were played stand alone; in the middle of one it stands as it was."""
    gone = Action("retire", "B")
    assert TENNIS.headline(TENNIS.apply(play(start(), "A" * 24), gone)) == "A 6–0 B (B retired)"
    assert TENNIS.headline(TENNIS.apply(start(), gone)) == "A 0–0 B (B retired)"
