"""All 64 matches of the 2022 World Cup, fed to the rules as plain actions.

The record has minutes without seconds, and no order within a minute. The order chosen here: the
whistle that begins a period, then of each minute the substitutions, the goals and the cards (who
comes on may score and be booked in the same minute; who is booked is not replaced before it), each
in the order of the record, spread over the minute; then the whistle that ends the period. What
carries a minute beyond 120 without added time was seen after the last kick of the shoot-out.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from touchline.sports import Action, fold
from touchline.sports.football import FOOTBALL

RECORD = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "worldcup-2022.json"
SIDES = ("home", "away")
MINUTE = 60_000_000
CARDS = {"yellow": "yellow_card", "second yellow": "second_yellow", "red": "red_card"}

# Period, the minute that its clock begins with, when it is taken to have begun (minutes since
# kick-off): far enough apart for any added time.
PERIODS = (
    ("first_half", 0, 0),
    ("second_half", 45, 70),
    ("extra_first", 90, 140),
    ("extra_second", 105, 170),
    ("shootout", 120, 200),
)

if RECORD.exists():
    MATCHES = json.loads(RECORD.read_text("utf-8"))
else:
    MATCHES = [
        pytest.param(
            {},
            marks=pytest.mark.skip(
                reason="../shared/data/worldcup-2022.json is not beside the repository"
            ),
        )
    ]


def name(match):
    return f"{match['home']}-{match['away']}" if match else "missing"


def period_of(minute: int, added: int, extra: bool) -> int:
    """Return the index of the period in which a minute of the record lies."""
    if minute <= 45:
        return 0
    if minute <= 90 or not extra:
        return 1
    if minute <= 105:
        return 2
    return 3 if minute <= 120 else 4


def time_of(period: int, minute: int, added: int) -> int:
    _, clock, began = PERIODS[period]
    return (began + minute + added - clock - 1) * MINUTE


def recorded(match):
    """Return what is on record as (minute's time, rank in it, title, origin, details)."""
    extra = "a.e.t." in match["note"]
    for side in SIDES:
        rows = [(row, 0, "substitution", ("off", "on")) for row in match["subs"][side]]
        rows += [(row, 1, "goal", ("player", "how")) for row in match["goals"][side]]
        rows += [(row, 2, CARDS[row["kind"]], ("player",)) for row in match["cards"][side]]
        for row, rank, title, details in rows:
            minute, added = row["minute"], row["added"]
            period = period_of(minute, added, extra)
            said = {detail: row[detail] for detail in details}
            yield time_of(period, minute, added), rank, title, match[side], said


def whistles(match):
    """Return the whistles in the same form; a period ends after everything that lies in it."""
    count = 4 if "a.e.t." in match["note"] else 2
    chosen = PERIODS[: count + 1] if match.get("shootout") else PERIODS[:count]
    ends = [began - 1 for _, _, began in PERIODS[1:]] + [PERIODS[-1][2] + 29]
    for (period, _, began), end in zip(chosen, ends, strict=False):
        yield began * MINUTE, -1, "period_start", "", {"period": period}
        yield end * MINUTE, 9, "period_end", "", {"period": period}


def shootout(match):
    """Return the kicks in the same form, in their order, three seconds apart."""
    people = {
        match[side]: {*match["lineups"][side], *(sub["on"] for sub in match["subs"][side])}
        for side in SIDES
    }
    for number, kick in enumerate(match.get("shootout", ())):
        text = kick.get("player") or kick["text"].removesuffix(" (missed)")
        origin = next(origin for origin, names in people.items() if text in names)
        title = "shootout_scored" if "score" in kick else "shootout_missed"
        time = PERIODS[4][2] * MINUTE + (number + 1) * MINUTE // 20
        yield time, 0, title, origin, {"player": text}


def actions(match) -> list[Action]:
    rows = sorted([*whistles(match), *recorded(match), *shootout(match)], key=lambda r: r[:2])
    placed, last = [], -1
    for time, _, title, origin, details in rows:
        last = max(time, last + 1_000_000)
        placed.append(Action(title, origin, last, details))
    return placed


@pytest.mark.parametrize("match", MATCHES, ids=name)
def test_the_record_comes_to_its_printed_score(match):
    """Nothing on record is against the Laws as we hold them, and goals, kicks, cards and
    substitutions add up to what is printed."""
    knockout = "Group" not in match["stage"]
    rules = {"extra_time": knockout, "shootout": knockout}
    origins = (match["home"], match["away"])
    lineups = {match[side]: match["lineups"][side] for side in SIDES}
    start = FOOTBALL.start(origins, rules, lineups)
    folded = fold(FOOTBALL, start, actions(match))
    state = folded.state
    assert folded.left_out == {}
    assert FOOTBALL.over(state)
    score = FOOTBALL.score(state)
    assert [*score["goals"].values()] == match["score"]
    assert [*score.get("shootout", {}).values()] == match.get("shootout_final", [])
    for side in SIDES:
        people = FOOTBALL.players(state)[match[side]]
        cards = match["cards"][side]
        assert sum(p.sent_off is not None for p in people) == sum(
            c["kind"] != "yellow" for c in cards
        )
        assert {p.name for p in people if p.booked} == {
            c["player"] for c in cards if c["kind"] != "red"
        }
        assert sum(p.left for p in people) == len(match["subs"][side])
        assert sum(p.on for p in people) == 11 - sum(p.sent_off is not None for p in people)
        own = sum(goal["how"] == "own goal" for goal in match["goals"][side])
        assert sum(len(p.goals) for p in people) == match["score"][side == "away"] - own


@pytest.mark.skipif(not RECORD.exists(), reason="the record is not beside the repository")
def test_the_record_is_all_there():
    """64 matches with 172 goals, 5 of them decided by a shoot-out."""
    goals = sum(len(match["goals"][side]) for match in MATCHES for side in SIDES)
    assert (len(MATCHES), goals) == (64, 172)
    assert sum("shootout" in match for match in MATCHES) == 5
