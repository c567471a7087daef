"""Snapshots of a feed, and that they always fit a datagram."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.datagrams.packing import CUTS, MOST_BYTES, pack
from touchline.datagrams.snapshots import (
    MatchSnapshot,
    MatchSnapshots,
    SnapshotPlayer,
    SnapshotSide,
    card_of,
    entries_of,
)
from touchline.protocol.messages import Alarm, Card, Entry, Evidence, Finished, Restored
from touchline.protocol.times import SECOND
from touchline.sports import matches
from touchline.sports.football import FOOTBALL
from touchline.sports.football.simulate import football
from touchline.sports.tennis import TENNIS
from touchline.sports.tennis.simulate import tennis

from ..conftest import calls

BEGAN = 1_700_000_000 * SECOND

CARD = Card(
    event="a-v-b",
    title="A v B",
    sport="football",
    origins=["A", "B"],
    starts=BEGAN,
    lineups={"A": [f"a{n}" for n in range(1, 14)], "B": [f"b{n}" for n in range(1, 12)]},
)


def entry(number: int, title: str, origin: str = "A", at: float = 0.0, **fields: Any) -> Entry:
    time = BEGAN + round(at * 60 * SECOND)
    usual: dict[str, Any] = {
        "event": CARD.event,
        "epoch": 1,
        "seq": number,
        "entry_id": str(number),
        "status": "CONFIRMED",
        "title": title,
        "origin": origin,
        "time": time,
        "first_reported": time,
        "accepted": time,
        "sent": time,
        "evidence": Evidence(for_=1),
        "headline": f"headline {number}",
        "text": f"text {number}",
    }
    return Entry(**(usual | fields))


def shown(snapshots: MatchSnapshots, message: Any) -> dict[str, Any]:
    snapshot = snapshots.take(message)
    assert snapshot is not None
    packed: dict[str, Any] = json.loads(pack(snapshot))
    return packed


KICK_OFF = entry(1, "period_start", "", details={"period": "first_half"})


def test_the_format() -> None:
    """A datagram has the documented keys, in their order, and nothing else."""
    snapshots = MatchSnapshots(CARD)
    snapshots.take(KICK_OFF)
    goal = shown(snapshots, entry(2, "goal", at=12.5, details={"player": "a9"}))
    assert list(goal) == ["message", "timeA", "timeB", "goleiroA", "goleiroB"]
    assert goal["message"] == {
        "count": 2,
        "score": "A 1–0 B",
        "content": "text 2",
        "type": "goal",
        "time_passed": 13,
    }
    assert goal["goleiroA"] == {"nome": "a1", "time": "A"}
    assert goal["goleiroB"] == {"nome": "b1", "time": "B"}
    scorer = next(player for player in goal["timeA"] if player["nome"] == "a9")
    assert scorer == {
        "nome": "a9",
        "time": "A",
        "posicao": "titular",
        "cartao_vermelho": False,
        "gols": 1,
        "tempo_gols": [12],
        "tempo_cv": None,
    }
    assert len(goal["timeA"]) == len(goal["timeB"]) == 12
    assert {player["posicao"] for player in goal["timeA"][10:]} == {"reserva"}
    assert "a1" not in {player["nome"] for player in goal["timeA"]}, "the goalkeeper stands once"
    assert [player["nome"] for player in goal["timeB"][10:]] == ["", ""]


def test_red_card_and_keeper() -> None:
    """A sending-off has its minute; the keeper is the one who came on for the keeper."""
    snapshots = MatchSnapshots(CARD)
    snapshots.take(KICK_OFF)
    red = shown(snapshots, entry(2, "red_card", at=30, details={"player": "a4"}))
    sent_off = next(player for player in red["timeA"] if player["nome"] == "a4")
    assert (sent_off["cartao_vermelho"], sent_off["tempo_cv"]) == (True, 30)
    assert sent_off["tempo_cv"] < red["message"]["time_passed"], "the card shows at once"
    change = entry(3, "substitution", at=31, details={"off": "a1", "on": "a12"})
    changed = shown(snapshots, change)
    assert changed["goleiroA"]["nome"] == "a12"
    assert "a12" not in {player["nome"] for player in changed["timeA"]}
    goal = shown(snapshots, entry(4, "goal", at=40, details={"player": "a12"}))
    scorer = next(p for p in goal["timeA"] if p["nome"] == "a12")
    assert (scorer["posicao"], scorer["gols"]) == ("goleiro", 1), "no goal is left out"


def test_marked_players_come_first_where_lists_are_cut() -> None:
    """Where more are listed than a list may hold, those with a goal or a red card stay."""
    crowd = tuple(SnapshotPlayer(f"p{n}") for n in range(40))
    scorer, sent_off = SnapshotPlayer("scorer", goals=(3,)), SnapshotPlayer("off", red=9)
    side = SnapshotSide("A", (*crowd, scorer, sent_off))
    packed = json.loads(pack(MatchSnapshot(1, "s", "c", "t", 10, (side, SnapshotSide("B")))))
    assert {"scorer", "off"} <= {player["nome"] for player in packed["timeA"]}
    assert len(packed["timeA"]) == len(packed["timeB"])


def test_no_line_ups() -> None:
    """Without line-ups those who are named show, beside as many without a name."""
    snapshots = MatchSnapshots(replace_lineups(CARD))
    snapshots.take(KICK_OFF)
    goal = shown(snapshots, entry(2, "goal", at=5, details={"player": "zed"}))
    assert [player["nome"] for player in goal["timeA"]] == ["zed"]
    assert [player["nome"] for player in goal["timeB"]] == [""]


def replace_lineups(card: Card) -> Card:
    return msgspec.structs.replace(card, lineups={})


def test_corrections() -> None:
    """A deleted goal is a datagram that says so, and the line-up follows."""
    snapshots = MatchSnapshots(CARD)
    snapshots.take(KICK_OFF)
    goal = entry(2, "goal", at=5, details={"player": "a9"})
    assert any(player["gols"] for player in shown(snapshots, goal)["timeA"])
    gone = shown(snapshots, entry(3, "goal", at=5, entry_id="2", status="DELETED"))
    assert not any(player["gols"] for player in gone["timeA"])
    assert gone["message"]["content"] == "Correction, this does not count: text 3"
    late = shown(snapshots, entry(4, "corner", at=3, delay_status="RECONSTRUCTED"))
    assert late["message"]["content"] == "text 4 (reconstructed)"
    assert late["message"]["time_passed"] == 6, "the clock does not run backwards"


def test_provisional_entries() -> None:
    """What is provisional makes no datagram and no score until it is confirmed; what was never
    confirmed is not taken back either."""
    snapshots = MatchSnapshots(CARD)
    snapshots.take(KICK_OFF)
    assert snapshots.take(entry(2, "goal", at=5, status="PROVISIONAL")) is None
    corner = shown(snapshots, entry(3, "corner", at=6))
    assert (corner["message"]["count"], corner["message"]["score"]) == (2, "A 0–0 B")
    goal = shown(snapshots, entry(4, "goal", at=5, entry_id="2"))
    assert (goal["message"]["count"], goal["message"]["score"]) == (3, "A 1–0 B")
    assert snapshots.take(entry(5, "goal", "B", at=7, status="PROVISIONAL")) is None
    assert snapshots.take(entry(6, "goal", "B", at=7, entry_id="5", status="DELETED")) is None
    gone = shown(snapshots, entry(7, "goal", at=5, entry_id="2", status="DELETED"))
    assert (gone["message"]["count"], gone["message"]["score"]) == (4, "A 0–0 B")


def test_counts_are_the_feeds_own() -> None:
    """Counts go up by one with each datagram from the start of the feed, alarms included, so that
    two servers of one event count alike."""
    snapshots = MatchSnapshots(CARD)
    alarm = Alarm(event="e", epoch=1, seq=2, sent=BEGAN, last_received=BEGAN)
    restored = Restored(event="e", epoch=1, seq=4, sent=BEGAN, since=BEGAN, until=BEGAN)
    feed = [KICK_OFF, alarm, replace_number(alarm, 2), restored, entry(5, "corner")]
    counts = [snapshot.count for snapshot in map(snapshots.take, feed) if snapshot is not None]
    assert counts == [1, 2, 3, 4]
    assert snapshots.take(Finished(event="e", epoch=1, seq=6, sent=BEGAN)) is None
    assert snapshots.finished


def replace_number(alarm: Alarm, number: int) -> Alarm:
    return Alarm(
        event=alarm.event,
        epoch=1,
        seq=3,
        sent=alarm.sent,
        last_received=alarm.last_received,
        number=number,
    )


def test_portuguese() -> None:
    """In Portuguese the actions are told in Portuguese."""
    snapshots = MatchSnapshots(CARD, "pt")
    assert shown(snapshots, KICK_OFF)["message"]["content"] == "Bola rolando: primeiro tempo"
    goal = shown(snapshots, entry(2, "goal", at=5, details={"player": "a9", "how": "penalty"}))
    assert goal["message"]["content"] == "GOL de A: a9 (de pênalti)"


def test_other_sports() -> None:
    """A match of tennis, an unknown sport and a strange feed have datagrams as well."""
    match = tennis(TENNIS, random.Random(1), origins=("Ana", "Mia"))
    snapshots = MatchSnapshots(card_of(match))
    packed = [
        pack(snapshot)
        for snapshot in map(snapshots.take, entries_of(match))
        if snapshot is not None
    ]
    last = json.loads(packed[-1])
    assert (last["timeA"][0]["nome"], last["timeB"][0]["nome"]) == ("Ana", "Mia")
    assert last["message"]["time_passed"] > 30
    unknown = MatchSnapshots(Card(event="x", title="X", sport="chess", origins=["W", "B"]))
    assert shown(unknown, entry(1, "mate", "W"))["message"]["content"] == "text 1"
    strange = MatchSnapshots(CARD)
    shown(strange, entry(1, "dance", "nobody", entry_id="x" * 40))
    assert shown(strange, entry(2, "goal"))["message"]["score"] == "headline 2"


@pytest.mark.parametrize("seed", range(5))
def test_a_whole_match_fits(seed: int) -> None:
    """Every datagram of a simulated match with benches is under 4,096 bytes, and none of those who
    played is left out; both lists are equally long."""
    match = football(FOOTBALL, random.Random(seed), extra_time=True, shootout=True, goals=6)
    snapshots = MatchSnapshots(card_of(match))
    for message in entries_of(match):
        snapshot = snapshots.take(message)
        if snapshot is None:
            continue
        packed = pack(snapshot)
        assert len(packed) <= MOST_BYTES
        read = json.loads(packed)
        assert len(read["timeA"]) == len(read["timeB"])
        names = {player["nome"] for side in ("timeA", "timeB") for player in read[side]}
        names |= {read[keeper]["nome"] for keeper in ("goleiroA", "goleiroB")}
        played = {person.name for side in snapshot.sides for person in side.people if person.played}
        assert played <= names


def test_the_final_of_2022() -> None:
    """The scorers of a real match stand in the last datagram with their minutes."""
    match = matches.load("world-cup-final-2022")
    snapshots = MatchSnapshots(card_of(match))
    *_, last = [
        snapshot for snapshot in map(snapshots.take, entries_of(match)) if snapshot is not None
    ]
    packed = json.loads(pack(last))
    goals = {p["nome"]: p["tempo_gols"] for p in packed["timeA"] + packed["timeB"] if p["gols"]}
    assert sorted(goals.values()) == [[22, 107], [35], [79, 80, 117]]


long_names = st.text(max_size=200)
people = st.builds(
    SnapshotPlayer,
    name=long_names,
    on=st.booleans(),
    played=st.booleans(),
    goals=st.lists(st.integers(0, 999), max_size=40).map(tuple),
    red=st.none() | st.integers(0, 999),
)
sides = st.builds(
    SnapshotSide,
    name=long_names,
    people=st.lists(people, max_size=80).map(tuple),
    keeper=long_names,
)


@given(
    st.builds(
        MatchSnapshot,
        count=st.integers(1, 2**53),
        score=st.text(max_size=1_000),
        content=st.text(max_size=1_000),
        type=st.text(max_size=200),
        minutes=st.integers(0, 10_000),
        sides=st.tuples(sides, sides),
    )
)
def test_anything_fits(snapshot: MatchSnapshot) -> None:
    """Whatever the names and however many, the datagram is JSON under 4,096 bytes with its keys."""
    packed = pack(snapshot)
    assert len(packed) <= MOST_BYTES
    assert json.loads(packed)["message"]["count"] == snapshot.count


@pytest.mark.parametrize("letter", ["x", "é", "漢", "🏟", '"', "\\", "\0"])
def test_the_worst_fits(letter: str) -> None:
    """The longest names and texts of the widest characters are cut to fit; as much as can be is
    kept."""
    person = SnapshotPlayer(name=letter * 200, goals=tuple(range(120)), red=120)
    side = SnapshotSide(letter * 200, (person,) * 60, letter * 200)
    snapshot = MatchSnapshot(
        2**53, letter * 1_000, letter * 1_000, letter * 200, 10_000, (side, side)
    )
    packed = pack(snapshot)
    assert len(packed) <= MOST_BYTES
    short = replace(snapshot, sides=(replace(side, people=(person,)),) * 2)
    assert json.loads(pack(short))["timeA"]


def test_the_last_cut_is_enough() -> None:
    """The last way to shorten fits by far, so that the others are only ever improvements."""
    assert CUTS[-1].people == "none"
    assert (CUTS[-1].text * 3 + CUTS[-1].name * 4) * 4 < MOST_BYTES / 2


def test_a_snapshot_costs_the_same_late_in_a_match() -> None:
    """One more corner calls as much code after 1,000 corners as after 20."""
    snapshots = MatchSnapshots(CARD)
    snapshots.take(KICK_OFF)
    cost = {}
    for number in range(2, 1_001):
        corner = entry(number, "corner", at=number / 100)
        cost[number] = calls(lambda corner=corner: snapshots.take(corner))
    assert cost[20] == cost[1_000]
