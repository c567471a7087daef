"""The outage packets of a tennis feed: camelCase, as those who consume such feeds know them.

Follows DESIGN section 8. A packet is plain JSON values with its keys in the documented order:
`msgspec.json.encode` writes it byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...protocol.errors import SettingError
from ...protocol.messages import Alarm, Card, Entry, FeedMessage
from ...protocol.times import SECOND, to_rfc3339
from ...sports import Score
from ...sports.tennis import TENNIS
from ...timeline.fold import FeedFold
from ...timeline.play import Play
from ...timeline.timeline import Timeline

Packet = dict[str, object]
"""One packet as JSON values."""

_TEAMS = ("TeamA", "TeamB")


class Packets:
    """Turns the messages of one tennis feed into packets, in the order of their arrival.

    `seqNum` counts alarms and points together from 1 without holes. It is not the feed's own
    `seq`, under which other messages stand between them; from the same feed, read from its first
    message on, the same numbers come always.

    - A point shows the score right after it in match order, folded here from the entries. One that
      comes late is put where it belongs; what was sent before is not sent again, and whatever is
      sent later counts it. A point that the rules leave out, as after the end, has no packet.
    - An entry that is published again (amended, or now known to be inaccurate) is a packet again
      with a new number, unless it would say word for word the same, as where a second voice
      confirms it.
    - A deleted point has no packet: the format can't take one back. The next one counts without it.
    - A confirmed score of `restored` is in force after all that stood on the timeline when it
      came. Inaccurate points keep the score that the reports lead to, the points after them go on
      from the confirmed one; what comes late from the outage no longer changes that.
    - What is no point and no alarm has no packet: the first server, the end, `restored`.
    - After the last point of a match nobody serves: `nextServer` is then the side other than
      `server`. Games and points are those of the next set and game, as in our own score.

    Args:
        card: of an event of tennis.

    Raises:
        SettingError: the event is of another sport, or its set-up can't be.
    """

    def __init__(self, card: Card) -> None:
        if card.sport != "tennis":
            raise SettingError(f"packets are of tennis, not of {card.sport}")
        self._sides = (card.origins[0], card.origins[-1]) if card.origins else ("", "")
        self._play = Play(card, strict=True)
        self._fold = FeedFold(card, self._play)
        self._count = 0
        self._sent: dict[str, Packet] = {}

    def take(self, message: FeedMessage) -> list[Packet]:
        """Return the packets that a message of the feed gives: one, or none.

        Args:
            message: the next one of the feed; each once, in the order of `seq`.

        Raises:
            BadMessage: an entry without a number for its id.
            SettingError: a confirmed score that is none of tennis.
        """
        self._fold.take(message)
        if isinstance(message, Alarm):
            return [self._alarm(message)]
        if not isinstance(message, Entry) or message.status == "DELETED":
            return []
        return self._point(message) if message.title == "point" else []

    def _alarm(self, alarm: Alarm) -> Packet:
        self._count += 1
        return {
            "seqNum": self._count,
            "timestamp": to_rfc3339(alarm.sent),
            "eventElementType": "Alarm",
            "lastReceivedTimestamp": to_rfc3339(alarm.last_received),
        }

    def _point(self, entry: Entry) -> list[Packet]:
        timeline = self._play.timeline
        if timeline is None or not _counts(timeline, entry):
            return []
        score = TENNIS.score(timeline.state_after(entry))
        server = self._sides.index(str(score["served"]))
        following = self._sides.index(str(score["server"])) if score["server"] else 1 - server
        began = next(each.time for each in timeline if _counts(timeline, each))
        packet: Packet = {
            "server": {"team": _TEAMS[server]},
            "nextServer": {"team": _TEAMS[following]},
            "timestamp": to_rfc3339(entry.time),
        }
        if entry.delay_status:
            packet["delayStatus"] = entry.delay_status
        packet |= {
            "score": self._score(score),
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
        return [packet]

    def _score(self, score: Score) -> Packet:
        games, sets, points = (self._pair(score[key]) for key in ("games", "sets", "points"))
        previous = score["previous"]
        assert isinstance(previous, list)
        return {
            "currentSetScore": {"gamesA": games[0], "gamesB": games[1]},
            "overallSetScore": {"setsA": sets[0], "setsB": sets[1]},
            "currentGameScore": {
                "pointsA": points[0],
                "pointsB": points[1],
                "gameType": "TieBreak" if score["tiebreak"] else "StandardGame",
            },
            "previousSetsScore": [{"gamesA": one, "gamesB": two} for one, two in previous],
        }

    def _pair(self, by_side: object) -> tuple[object, object]:
        assert isinstance(by_side, dict)
        return by_side[self._sides[0]], by_side[self._sides[1]]


def packets(card: Card, messages: Iterable[FeedMessage]) -> list[Packet]:
    """Return all packets of a feed, the one with `seqNum` n at index n - 1.

    Who joins with a `startPosition` n gets `packets(card, messages)[n - 1 :]`.

    Args:
        card: of an event of tennis.
        messages: of its feed, from the first on.

    Raises:
        SettingError: the event is of another sport, or a confirmed score is none of tennis.
    """
    stream = Packets(card)
    return [packet for message in messages for packet in stream.take(message)]


def _counts(timeline: Timeline, entry: Entry) -> bool:
    """Return whether a standing entry is a point that changes the score: one that the rules leave
    out does not."""
    before = timeline.state_before(entry.time, int(entry.entry_id))
    return entry.title == "point" and timeline.state_after(entry) is not before


def _clock(micros: int) -> str:
    seconds = max(0, micros) // SECOND
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _point_type(entry: Entry) -> str:
    """Return how a point was won, such as `DoubleFault`; `Unknown` where nobody said."""
    how = str(entry.details.get("how", "unknown"))
    return "".join(word.capitalize() for word in how.split())
