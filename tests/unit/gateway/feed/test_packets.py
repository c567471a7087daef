"""The outage packets of a tennis feed, byte for byte."""

from __future__ import annotations

import msgspec
import pytest

from tests.packets import packets
from touchline.gateway.feed.packets import Packet, Packets, heartbeat
from touchline.protocol.errors import BadMessage, SettingError
from touchline.protocol.messages import (
    Alarm,
    Card,
    DelayStatus,
    Detail,
    Entry,
    EntryStatus,
    Evidence,
    FeedMessage,
    Finished,
    Restored,
)
from touchline.sports import Action, fold
from touchline.sports.tennis import TENNIS

from ...conftest import calls

SECOND = 1_000_000
BEGAN = 1_719_838_800_000_000  # 2024-07-01T13:00:00Z
CARD = Card(event="e", title="A v B", sport="tennis", origins=["Ana", "Bea"])
SIDES = {"A": "Ana", "B": "Bea"}


def point(
    number: int,
    side: str,
    at: float,
    delay: DelayStatus = "",
    status: EntryStatus = "CONFIRMED",
    title: str = "point",
    **details: Detail,
) -> Entry:
    """Return an entry: its number, who won the point, seconds after 13:00."""
    time = BEGAN + round(at * SECOND)
    return Entry(
        event="e",
        epoch=1,
        seq=number,
        entry_id=str(number),
        status=status,
        title=title,
        origin=SIDES.get(side, side),
        time=time,
        first_reported=time,
        accepted=time,
        sent=time,
        evidence=Evidence(for_=2),
        delay_status=delay,
        details=details,
    )


def alarm(sent: float, last: float) -> Alarm:
    return Alarm(
        event="e",
        epoch=1,
        seq=9,
        sent=BEGAN + round(sent * SECOND),
        last_received=BEGAN + round(last * SECOND),
    )


def restored(score: dict[str, object] | None = None) -> Restored:
    return Restored(
        event="e",
        epoch=1,
        seq=9,
        sent=BEGAN,
        since=BEGAN,
        until=BEGAN,
        confirmed=score is not None,
        score=score or {},
    )


def row(sides: str, step: float = 30.0) -> list[FeedMessage]:
    """Return points one after the other."""
    return [point(n + 1, side, n * step) for n, side in enumerate(sides)]


def called(packet: Packet) -> str:
    """Return a packet's score as `sets games points`."""
    score = msgspec.convert(packet["score"], dict[str, object])
    sets, games, points = (
        msgspec.convert(score[key], dict[str, int | str])
        for key in ("overallSetScore", "currentSetScore", "currentGameScore")
    )
    return (
        f"{sets['setsA']}-{sets['setsB']} {games['gamesA']}-{games['gamesB']}"
        f" {points['pointsA']}-{points['pointsB']}"
    )


GOLDEN = (
    (
        '{"server":{"team":"TeamA"},"nextServer":{"team":"TeamA"},'
        '"timestamp":"2024-07-01T13:00:00.000Z",'
        '"score":{"currentSetScore":{"gamesA":0,"gamesB":0},"overallSetScore":{"setsA":0,"setsB":0},'
        '"currentGameScore":{"pointsA":"15","pointsB":"0","gameType":"StandardGame"},'
        '"previousSetsScore":[]},"eventElementType":"PointScored","matchTime":"00:00:00","seqNum":1,'
        '"details":{"scoredBy":"TeamA","pointType":"Ace"}}'
    ),
    (
        '{"seqNum":2,"timestamp":"2024-07-01T13:00:20.000Z","eventElementType":"Alarm",'
        '"lastReceivedTimestamp":"2024-07-01T13:00:00.250Z"}'
    ),
    (
        '{"seqNum":3,"timestamp":"2024-07-01T13:00:45.000Z","eventElementType":"Alarm",'
        '"lastReceivedTimestamp":"2024-07-01T13:00:00.250Z"}'
    ),
    (
        '{"server":{"team":"TeamA"},"nextServer":{"team":"TeamA"},'
        '"timestamp":"2024-07-01T13:00:25.500Z","delayStatus":"RECONSTRUCTED",'
        '"score":{"currentSetScore":{"gamesA":0,"gamesB":0},"overallSetScore":{"setsA":0,"setsB":0},'
        '"currentGameScore":{"pointsA":"15","pointsB":"15","gameType":"StandardGame"},'
        '"previousSetsScore":[]},"eventElementType":"PointScored","matchTime":"00:00:25","seqNum":4,'
        '"details":{"scoredBy":"TeamB","pointType":"DoubleFault"}}'
    ),
    (
        '{"server":{"team":"TeamA"},"nextServer":{"team":"TeamA"},'
        '"timestamp":"2024-07-01T13:00:50.000Z","delayStatus":"RECONSTRUCTED",'
        '"score":{"currentSetScore":{"gamesA":0,"gamesB":0},"overallSetScore":{"setsA":0,"setsB":0},'
        '"currentGameScore":{"pointsA":"30","pointsB":"15","gameType":"StandardGame"},'
        '"previousSetsScore":[]},"eventElementType":"PointScored","matchTime":"00:00:50","seqNum":5,'
        '"details":{"scoredBy":"TeamA","pointType":"Standard"}}'
    ),
    (
        '{"seqNum":6,"timestamp":"2024-07-01T13:00:00.000Z","eventElementType":"ConnectionRestored",'
        '"lastReceivedTimestamp":"2024-07-01T13:00:00.000Z"}'
    ),
)


def test_an_outage_at_15_0() -> None:
    """An outage at 15-0, two points played in it: alarms, then both points as reconstructed and the
    return of contact, with numbers that follow each other, in the documented bytes."""
    feed: list[FeedMessage] = [
        point(1, "A", 0, how="ace"),
        alarm(20, 0.25),
        alarm(45, 0.25),
        point(2, "B", 25.5, "RECONSTRUCTED", how="double fault"),
        point(3, "A", 50, "RECONSTRUCTED"),
        restored(),
    ]
    assert tuple(msgspec.json.encode(one).decode() for one in packets(CARD, feed)) == GOLDEN


def test_a_start_position_is_an_index() -> None:
    """The packet with `seqNum` n stands at n - 1, so that one can join at any of them."""
    found = packets(CARD, [*row("ABAB"), alarm(200, 100), point(9, "A", 210)])
    assert [packet["seqNum"] for packet in found] == [1, 2, 3, 4, 5, 6]
    assert [packet["seqNum"] for packet in found[5 - 1 :]] == [5, 6]


def test_contact_is_back_and_nothing_has_happened() -> None:
    """`ConnectionRestored` says so, with the score that reporters confirmed, in the documented
    bytes; without one where none was confirmed."""
    state = TENNIS.start(["Ana", "Bea"])
    score = TENNIS.score(TENNIS.apply(state, Action("point", "Ana")))
    found = packets(CARD, [point(1, "A", 0), alarm(20, 0), restored(score)])
    assert msgspec.json.encode(found[-1]).decode() == (
        '{"seqNum":3,"timestamp":"2024-07-01T13:00:00.000Z","eventElementType":"ConnectionRestored",'
        '"lastReceivedTimestamp":"2024-07-01T13:00:00.000Z",'
        '"score":{"currentSetScore":{"gamesA":0,"gamesB":0},"overallSetScore":{"setsA":0,"setsB":0},'
        '"currentGameScore":{"pointsA":"15","pointsB":"0","gameType":"StandardGame"},'
        '"previousSetsScore":[]}}'
    )


def test_a_heartbeat() -> None:
    """A heartbeat names the last packet, and takes no number."""
    assert msgspec.json.encode(heartbeat(7, BEGAN)).decode() == (
        '{"timestamp":"2024-07-01T13:00:00.000Z","eventElementType":"Heartbeat","lastSeqNum":7}'
    )


def test_what_is_neither_point_nor_alarm() -> None:
    """First server and end give no packet and take no number."""
    feed: list[FeedMessage] = [
        point(1, "B", 0, title="serve"),
        point(2, "A", 60),
        point(3, "B", 61, title="retire"),
        Finished(event="e", epoch=1, seq=3, sent=BEGAN),
    ]
    (found,) = packets(CARD, feed)
    assert found["seqNum"] == 1
    assert found["server"] == {"team": "TeamB"}
    assert found["matchTime"] == "00:00:00"


def test_the_score_is_that_of_the_sport() -> None:
    """Through a whole match with a tie-break, every packet shows what the sport's fold gives."""
    sides = "A" * 20 + "BBBB" * 5 + "AAAA" * 1 + "BBBB" + "AB" * 6 + "AA" + "A" * 24
    found = packets(CARD, row(sides))
    state = TENNIS.start(["Ana", "Bea"])
    seen = []
    for side, packet in zip(sides, found, strict=True):
        state = TENNIS.apply(state, Action("point", SIDES[side]))
        score = TENNIS.score(state)
        sets, games, points = (
            "-".join(str(one) for one in score[key].values())  # type: ignore[attr-defined]
            for key in ("sets", "games", "points")
        )
        assert called(packet) == f"{sets} {games} {points}"
        seen.append(packet["score"]["currentGameScore"]["gameType"])  # type: ignore[index]
        assert packet["server"] == {"team": "Team" + "AB"[["Ana", "Bea"].index(score["served"])]}  # type: ignore[arg-type]
    assert TENNIS.over(state)
    assert seen.count("TieBreak") == 14
    last = found[-1]
    assert last["score"]["previousSetsScore"] == [  # type: ignore[index]
        {"gamesA": 7, "gamesB": 6},
        {"gamesA": 6, "gamesB": 0},
    ]
    assert {*last["nextServer"].values()} | {*last["server"].values()} == {"TeamA", "TeamB"}  # type: ignore[attr-defined]
    assert found[1]["matchTime"] == "00:00:30"
    tiebreak = found[seen.index("TieBreak") + 1]["score"]["currentGameScore"]  # type: ignore[index]
    assert tiebreak == {"pointsA": 1, "pointsB": 0, "gameType": "TieBreak"}


def test_a_late_point_is_put_where_it_belongs() -> None:
    """A late point shows the score at its place; what comes after it counts it."""
    found = packets(CARD, [*row("AA"), point(3, "B", 10, "DELAYED"), point(4, "B", 70)])
    assert [called(one) for one in found] == [
        "0-0 0-0 15-0",
        "0-0 0-0 30-0",
        "0-0 0-0 15-15",
        "0-0 0-0 30-30",
    ]
    assert found[2]["delayStatus"] == "DELAYED"
    assert "delayStatus" not in found[3]
    assert [one["seqNum"] for one in found] == [1, 2, 3, 4]


def test_a_point_before_the_first() -> None:
    """The match begins with its first point, also where that one came late."""
    found = packets(CARD, [point(1, "A", 90), point(2, "B", 0, "DELAYED"), point(3, "A", 3700)])
    assert [one["matchTime"] for one in found] == ["00:00:00", "00:00:00", "01:01:40"]


def test_an_amended_point_is_a_packet_again() -> None:
    """A point that went to the other side is sent again with a new number and the score so."""
    stream = Packets(CARD)
    for message in row("AA"):
        stream.take(message)
    (again,) = stream.take(point(2, "B", 30, status="UPDATED"))
    assert (called(again), again["seqNum"], again["replaces"]) == ("0-0 0-0 15-15", 3, 2)
    assert stream.take(point(2, "B", 30, status="UPDATED")) == []


def test_a_provisional_point() -> None:
    """A point has its packet when it is confirmed, and no score counts it before; one that never
    is has none."""
    stream = Packets(CARD)
    assert stream.take(point(1, "A", 0, status="PROVISIONAL")) == []
    (second,) = stream.take(point(2, "A", 9))
    assert (called(second), second["seqNum"]) == ("0-0 0-0 15-0", 1)
    (first,) = stream.take(point(1, "A", 0))
    assert (called(first), first["seqNum"]) == ("0-0 0-0 15-0", 2)
    assert stream.take(point(1, "A", 0)) == []
    assert stream.take(point(3, "B", 18, status="PROVISIONAL")) == []
    assert stream.take(point(3, "B", 18, status="DELETED")) == []
    (last,) = stream.take(point(4, "A", 27))
    assert (called(last), last["seqNum"]) == ("0-0 0-0 40-0", 3)


def test_a_deleted_point() -> None:
    """A deleted point has no packet; the next one counts without it; so it may come back."""
    stream = Packets(CARD)
    for message in row("AA"):
        stream.take(message)
    assert stream.take(point(2, "A", 30, status="DELETED")) == []
    (following,) = stream.take(point(3, "A", 60))
    assert (called(following), following["seqNum"]) == ("0-0 0-0 30-0", 3)


def test_an_inaccurate_reconstruction() -> None:
    """Inaccurate points keep the score they lead to; those after `restored` go on from the
    confirmed one, whatever still comes from before."""
    stream = Packets(CARD)
    stream.take(point(1, "A", 0))
    (first,) = stream.take(point(2, "A", 30, "RECONSTRUCTED"))
    (again,) = stream.take(point(2, "A", 30, "RECONSTRUCTION_INACCURATE"))
    assert (called(first), called(again)) == ("0-0 0-0 30-0", "0-0 0-0 30-0")
    assert again["delayStatus"] == "RECONSTRUCTION_INACCURATE"
    assert (first["seqNum"], again["seqNum"], again["replaces"]) == (2, 3, 2)
    assert "replaces" not in first
    state = TENNIS.start(["Ana", "Bea"])
    score = TENNIS.score(TENNIS.adopt(state, TENNIS.read_score(state, "1-0 0-15")))
    (back,) = stream.take(restored(score))
    assert (back["eventElementType"], called(back)) == ("ConnectionRestored", "0-0 1-0 0-15")
    (late,) = stream.take(point(3, "A", 20, "RECONSTRUCTED"))
    assert called(late) == "0-0 0-0 30-0"
    (following,) = stream.take(point(4, "B", 60))
    assert called(following) == "0-0 1-0 0-30"
    assert following["server"] == {"team": "TeamB"}


def test_a_point_after_the_end() -> None:
    """A point that the rules leave out has no packet, and no number is lost."""
    feed = [point(1, "A", 0), point(2, "B", 5, title="retire"), point(3, "A", 9)]
    assert len(packets(CARD, feed)) == 1


def test_piece_by_piece_is_the_same() -> None:
    """The packets are the same again from the same feed, and agree with a fold in match order."""
    feed = [*row("ABBA"), point(7, "A", 45, "DELAYED"), point(8, "B", 300)]
    assert packets(CARD, feed) == packets(CARD, iter(feed))
    order = [Action("point", SIDES[side]) for side in "ABABAB"]
    folded = fold(TENNIS, TENNIS.start(["Ana", "Bea"]), order).state
    points = TENNIS.score(folded)["points"]
    assert called(packets(CARD, feed)[-1]).split()[-1] == "-".join(points.values())  # type: ignore[attr-defined]


def test_refusals() -> None:
    """Another sport has no packets; ids are numbers."""
    with pytest.raises(SettingError, match="there are packets of tennis, not of race"):
        Packets(msgspec.structs.replace(CARD, sport="race"))
    with pytest.raises(BadMessage, match="entry 'x'"):
        Packets(CARD).take(msgspec.structs.replace(point(1, "A", 0), entry_id="x"))


def test_a_packet_costs_the_same_late_in_a_match() -> None:
    """One more point at deuce calls at most as much code after 1,000 points as after 500: states
    are folded from the checkpoint before, which is never far."""
    stream = Packets(CARD)
    cost = {}
    for number, message in enumerate(row("AB" * 510), 1):
        cost[number] = calls(lambda message=message: stream.take(message))
    early, late = (max(cost[n] for n in range(first, first + 100)) for first in (500, 900))
    assert early == late
