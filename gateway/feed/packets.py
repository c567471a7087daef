"""The outage packets of a feed of points, in camelCase for existing consumers.

Follows DESIGN section 8. A packet is plain JSON values with its keys in the documented order:
`msgspec.json.encode` writes it byte for byte.
"""

from __future__ import annotations

from ... import sports
from ...protocol.errors import SettingError
from ...protocol.messages import Alarm, Card, Entry, FeedMessage, Restored
from ...protocol.times import SECOND, to_rfc3339
from ...sports.capabilities import Pair, PointFeed, PointScore
from ...timeline.fold import FeedFold
from ...timeline.play import Play
from ...timeline.timeline import Timeline

Packet = dict[str, object]
"""One packet as JSON values."""

_TEAMS = ("TeamA", "TeamB")


class Packets:
    """Turns the messages of one feed of points into packets, in the order of their arrival.

    `seqNum` counts points, alarms and the ends of outages from 1 without gaps. It is not the feed's
    `seq`, which counts other messages too; the same feed, read from its first message on, always
    gives the same numbers.

    - A point shows the score right after it in match order, folded here from the entries. A point
      that comes late is put where it belongs: earlier packets are not sent again, later ones count
      it. A point that the rules do not permit, such as one after the end, has no packet.
    - An entry that is published again (amended, or found to be inaccurate) makes a further packet
      with a new number, unless the packet is the same, as when a second reporter confirms the
      point. It says which packet it `replaces`.
    - A provisional point has no packet, and no score counts it, until it is confirmed.
    - A deleted point has no packet: the format can't take one back. The next packet does not count
      it.
    - A confirmed score of `restored` is in force after all entries that stood on the timeline when
      it came. Inaccurate points keep the score that the reports lead to; the points after them go
      on from the confirmed score, which late reports from the outage no longer change.
    - `ConnectionRestored` ends the suspension that an alarm began, with the score that reporters
      confirmed, if they did.
    - Other messages have no packet: the first server, the end.
    - After the last point of a match no side serves: `nextServer` is then the side that is not
      `server`. Games and points are those of the next set and game, as in our own score.

    Args:
        card: of an event whose sport is a `PointFeed`.

    Raises:
        SettingError: the sport has no points, or the event's set-up is not valid.
    """

    def __init__(self, card: Card) -> None:
        self._sport = point_feed(card)
        self._sides = (card.origins[0], card.origins[-1]) if card.origins else ("", "")
        self._play = Play(card, strict=True)
        self._fold = FeedFold(card, self._play)
        self._count = 0
        self._sent: dict[str, Packet] = {}

    def take(self, message: FeedMessage) -> list[Packet]:
        """Return the packets that a message of the feed gives: one, or none.

        Args:
            message: the next message of the feed; each once, in the order of `seq`.

        Raises:
            BadMessage: the id of an entry is not a number.
            SettingError: a confirmed score is not valid for the sport.
        """
        if isinstance(message, Entry) and message.status == "PROVISIONAL":
            return []
        self._fold.take(message)
        if isinstance(message, Alarm):
            return [self._alarm(message)]
        if isinstance(message, Restored):
            return [self._restored(message)]
        if not isinstance(message, Entry) or message.status == "DELETED":
            return []
        return self._point(message) if message.title == self._sport.point else []

    def _alarm(self, alarm: Alarm) -> Packet:
        self._count += 1
        return {
            "seqNum": self._count,
            "timestamp": to_rfc3339(alarm.sent),
            "eventElementType": "Alarm",
            "lastReceivedTimestamp": to_rfc3339(alarm.last_received),
        }

    def _restored(self, restored: Restored) -> Packet:
        self._count += 1
        packet: Packet = {
            "seqNum": self._count,
            "timestamp": to_rfc3339(restored.sent),
            "eventElementType": "ConnectionRestored",
            "lastReceivedTimestamp": to_rfc3339(restored.since),
        }
        timeline = self._play.timeline
        if restored.confirmed and timeline is not None:
            packet["score"] = _score(self._sport.point_score(timeline.state))
        return packet

    def _point(self, entry: Entry) -> list[Packet]:
        timeline = self._play.timeline
        if timeline is None or not self._counts(timeline, entry):
            return []
        score = self._sport.point_score(timeline.state_after(entry))
        following = 1 - score.served if score.server is None else score.server
        began = next(each.time for each in timeline if self._counts(timeline, each))
        packet: Packet = {
            "server": {"team": _TEAMS[score.served]},
            "nextServer": {"team": _TEAMS[following]},
            "timestamp": to_rfc3339(entry.time),
        }
        if entry.delay_status:
            packet["delayStatus"] = entry.delay_status
        packet |= {
            "score": _score(score),
            "eventElementType": "PointScored",
            "matchTime": _clock(entry.time - began),
            "seqNum": self._count + 1,
            "details": {
                "scoredBy": _TEAMS[self._sides.index(entry.origin)],
                "pointType": _point_type(entry),
            },
        }
        before = self._sent.get(entry.entry_id)
        if before is not None and packet | {"seqNum": before["seqNum"]} == before:
            return []
        self._count += 1
        self._sent[entry.entry_id] = packet
        return [packet if before is None else packet | {"replaces": before["seqNum"]}]

    def _counts(self, timeline: Timeline, entry: Entry) -> bool:
        """Return whether a standing entry is a point that changes the score: a point that the
        rules do not permit changes nothing."""
        before = timeline.state_before(entry.time, int(entry.entry_id))
        return entry.title == self._sport.point and timeline.state_after(entry) is not before


def heartbeat(last: int, wall: int) -> Packet:
    """Return the packet that tells the last number; it has none itself.

    Args:
        last: the `seqNum` of the newest packet, 0 before the first.
        wall: microseconds since 1970 UTC.
    """
    return {
        "timestamp": to_rfc3339(wall),
        "eventElementType": "Heartbeat",
        "lastSeqNum": last,
    }


def point_feed(card: Card) -> PointFeed:
    """Return an event's sport as a `PointFeed`.

    Raises:
        SettingError: the sport is not won point by point.
    """
    sport = sports.get(card.sport) if card.sport in sports.list() else None
    if sport is not None and isinstance(sport, PointFeed):
        return sport
    able = [name for name in sports.list() if isinstance(sports.get(name), PointFeed)]
    raise SettingError(f"there are packets of {', '.join(able)}, not of {card.sport}")


def has_packets(card: Card) -> bool:
    """Return whether an event's sport has packets."""
    return card.sport in sports.list() and isinstance(sports.get(card.sport), PointFeed)


def _score(score: PointScore) -> Packet:
    return {
        "currentSetScore": _pair("games", score.games),
        "overallSetScore": _pair("sets", score.sets),
        "currentGameScore": {
            "pointsA": score.points[0],
            "pointsB": score.points[1],
            "gameType": "TieBreak" if score.tiebreak else "StandardGame",
        },
        "previousSetsScore": [_pair("games", games) for games in score.previous],
    }


def _pair(name: str, pair: Pair) -> Packet:
    return {f"{name}A": pair[0], f"{name}B": pair[1]}


def _clock(micros: int) -> str:
    seconds = max(0, micros) // SECOND
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _point_type(entry: Entry) -> str:
    """Return how a point was won, such as `DoubleFault`; `Standard` where it was not reported."""
    how = str(entry.details.get("how", "standard"))
    return "".join(word.capitalize() for word in how.split())
