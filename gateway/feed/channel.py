"""One event as viewers see it: its feed encoded once, its state, its snapshot. Pure.

A *position* is the seq up to which a viewer has all messages; 0 before the first message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from ... import sports
from ...peer.subscriber.silence import OWN_LINK, QUIET, Cause
from ...protocol.digest import DIGEST_BYTES, EMPTY
from ...protocol.errors import TouchlineError
from ...protocol.messages import (
    Card,
    Entry,
    FeedMessage,
    FeedState,
    Finished,
    Pending,
    Recount,
    Setup,
)
from ...protocol.times import to_rfc3339
from ...runtime.languages import SOURCE, current, speaking
from ...sports.presentation import to_json
from ...timeline import json as timeline_json
from ...timeline import wording
from ...timeline.fold import FeedFold
from ...timeline.rows import EntryRow
from .message_log import MessageLog, framed
from .packets import Packets, has_packets

SNAPSHOT_ENTRIES = 2_000
"""The most entries in a snapshot: the last in match order; the timeline has the others."""

SNAPSHOT_SIZES = (20, 150, 500, SNAPSHOT_ENTRIES)
"""The sizes of the snapshots that are made, in entries: one of each serves many viewers."""

INTERRUPTIONS = 200
"""The most alarms, ends of outages, and ends of the event in a snapshot: the newest."""

SNAPSHOT_SECONDS = 1.0
"""A snapshot serves all viewers that join within this time; newer messages follow it."""

Json = dict[str, object]

encode = msgspec.json.encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of a feed at its subscriber.

    Args:
        epoch, seq, digest: the position.
        state: of the feed, by the host.
        cause: of its silence.
        present, claims, disputed: as in the host's heartbeat.
        pending: open claims, as in the host's heartbeat.
        recounts: votes of entries, as in the host's heartbeat.
        whole: whether the host has answered, and all messages that it is known to have are here.
        hosted: whether the event has a host; None before it is known.
        away: why the broker did not answer, in a sentence; empty where it did.
        last_received: wall time at which the host last heard a reporter before an alarm; 0: none.
    """

    epoch: int = 0
    seq: int = 0
    digest: bytes = EMPTY
    state: FeedState = "live"
    cause: Cause = QUIET
    present: int = 0
    claims: int = 0
    disputed: int = 0
    pending: tuple[Pending, ...] = ()
    recounts: tuple[Recount, ...] = ()
    whole: bool = False
    hosted: bool | None = None
    away: str = ""
    last_received: int = 0


@dataclass(frozen=True, slots=True)
class FeedTurn:
    """The news of a subscriber after one turn of its loop.

    Args:
        standing: the state of the feed after it.
        messages: the new ones, in order.
        trail: the digest after each message since the turn before, 16 bytes each.
        restarted: whether the feed is another one, of which `messages` are the first.
        setup: the host's setup, where it is new.
    """

    standing: Standing
    messages: Sequence[FeedMessage] = ()
    trail: bytes = b""
    restarted: bool = False
    setup: Setup | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The event up to a position, ready to be sent.

    Args:
        seq: the position.
        body: JSON without its closing brace, so that a field can be added.
    """

    seq: int
    body: bytes

    def payload(self, *, switched: bool = False) -> bytes:
        """Return the message; `switched`: whether it replaces messages that were left out."""
        return self.body + (b',"switched":true}' if switched else b"}")


class Channel:
    """One event at a gateway.

    Args:
        card: of the broker.
        history: the most bytes of the newest messages that are kept.
    """

    def __init__(self, card: Card, history: int) -> None:
        self.card = card
        self.standing = Standing()
        self.generation = 0
        """Grows when another feed replaces this one: earlier positions are then void."""
        self.joined = False
        """Whether the host has answered, and all messages that it had then are here."""
        self.failure: TouchlineError | None = None
        """Why the event can't be followed any longer; None while it can."""
        self.feed = MessageLog(history)
        self.packets: MessageLog | None = None
        """The packets of a feed whose sport has them."""
        self._history = history
        self._trail = bytearray()
        self._setup: Setup | None = None
        self._fresh: dict[int, tuple[float, Snapshot]] = {}  # the newest snapshots, by size
        self._shown: tuple[Card, dict[str, msgspec.Raw]] = card, {}
        self._begin()

    @property
    def seq(self) -> int:
        """The position after the newest message."""
        return self.feed.last

    @property
    def known(self) -> bool:
        """Whether the whole feed is known, or the reason why it is not."""
        standing = self.standing
        explained = standing.hosted is False or bool(standing.away) or self.failure is not None
        return self.joined or explained

    @property
    def score(self) -> Json:
        """The score by the feed, or the sport's score at the start."""
        return self._fold.score or self._opening[0]

    @property
    def headline(self) -> str:
        """The score in a line by the feed, or the sport's line at the start."""
        return self._fold.headline or self._opening[1]

    @property
    def finished(self) -> bool:
        """Whether the event is over; corrections may follow."""
        return self._fold.finished

    def closed(self, wall: int) -> bool:
        """Return whether the event is over and nothing follows but what its host may still correct.

        Args:
            wall: microseconds since 1970 UTC.
        """
        return self._fold.ending is not None and wall > self._fold.ending.until

    @property
    def entries(self) -> list[Entry]:
        """The standing entries in match order, each with its place there now."""
        return self.page(1, self.total)

    @property
    def total(self) -> int:
        """The number of standing entries."""
        return len(self._fold.standing)

    def versions(self, entry_id: str) -> list[bytes]:
        """Return the versions of an entry that are still kept, JSON each, the first first."""
        seqs = self._versions.get(entry_id, ())
        return [self.feed.payloads(seq - 1, 1)[0] for seq in seqs if self.feed.has(seq - 1)]

    def newest(self, most: int) -> list[EntryRow]:
        """Return the last standing entries in match order, as their rows."""
        return self._fold.standing[-most:]

    def page(self, first: int, most: int) -> list[Entry]:
        """Return standing entries from a place in match order on, with their places now."""
        rows = self._fold.standing[first - 1 : first - 1 + most]
        return [replace(row.entry, place=place) for place, row in enumerate(rows, first)]

    # ── input ────────────────────────────────────────────────────────────────────────────────

    def take(self, turn: FeedTurn) -> tuple[bool, bool]:
        """Take the news of one turn.

        Returns:
            whether there are new messages, and whether the status has changed.
        """
        before = self._status_key()
        if turn.setup is not None:
            self._setup, self.card = turn.setup, turn.setup.card
        if turn.restarted and self.feed.last:
            self.generation += 1
            self._begin()
        seq = self.feed.last
        self._trail += turn.trail
        for message in turn.messages:
            self._fill(message.seq - 1)
            if message.seq > self.feed.last:
                self._append(message)
        if turn.standing.recounts is not self.standing.recounts:
            for one in turn.standing.recounts:
                entry = self._fold.recount(one)
                if entry is not None:
                    self._keep(entry, encode(timeline_json.to_json(entry)))
                    self._fresh.clear()
        self.standing = turn.standing
        self.joined = self.joined or (self._setup is not None and turn.standing.whole)
        self._fill(turn.standing.seq)
        if self.feed.last != seq or turn.restarted:
            self._fresh.clear()
        return self.feed.last > seq or turn.restarted, self._status_key() != before

    def _begin(self) -> None:
        self.joined = False
        self.feed = MessageLog(self._history)
        self.packets = None
        self._trail.clear()
        self._fresh.clear()
        self._fold = FeedFold(self.card)
        self._opening = _opening(self.card)
        self._payloads: dict[str, bytes] = {}  # the newest version of each standing entry, by id
        self._versions: dict[str, list[int]] = {}  # the seqs of each entry's versions, by id
        self._interruptions: list[Json] = []
        self._maker: Packets | None = None
        if has_packets(self.card):
            self._maker = Packets(self.card)
            self.packets = MessageLog(self._history)

    def _append(self, message: FeedMessage) -> None:
        form = timeline_json.to_json(message)
        payload = encode(form)
        self.feed.append(payload)
        change = self._fold.take(message)
        if change.entry is not None:
            self._keep(change.entry.entry, payload)
        elif change.remark is not None or _is_remarkable(message):
            self._interruptions.append(form)
            del self._interruptions[:-INTERRUPTIONS]
        self._make_packets(message)

    def _keep(self, entry: Entry, payload: bytes) -> None:
        """Keep a version of an entry ready for snapshots, if it stands."""
        seqs = self._versions.setdefault(entry.entry_id, [])
        if not seqs or seqs[-1] < entry.seq:  # further votes are no version of their own
            seqs.append(entry.seq)
        if entry.status == "DELETED":
            self._payloads.pop(entry.entry_id, None)
        else:
            self._payloads[entry.entry_id] = payload

    def _fill(self, seq: int) -> None:
        """Append a placeholder for each unreadable message, so that positions have no gap."""
        while self.feed.last < seq:
            number = self.feed.last + 1
            self.feed.append(encode({"type": "unknown", "event": self.card.event, "seq": number}))

    def _make_packets(self, message: FeedMessage) -> None:
        if self._maker is None or self.packets is None:
            return
        try:
            for packet in self._maker.take(message):
                self.packets.append(encode(packet))
        except TouchlineError:
            self._maker = None  # the feed does not fit its sport; the packets so far stand

    # ── where a viewer joins ─────────────────────────────────────────────────────────────────

    def continues(self, seq: int, epoch: int | None = None, digest: bytes | None = None) -> bool:
        """Return whether a viewer at a position can go on with the messages after it.

        Args:
            seq: the position.
            epoch: the newest epoch that the viewer knows.
            digest: over the feed up to the position, as the viewer knows it.
        """
        if not self.feed.has(seq):
            return False
        if epoch is not None and epoch > self.standing.epoch:
            return False
        return digest is None or digest == self.digest(seq)

    def digest(self, seq: int) -> bytes:
        """Return the digest over the feed up to a position."""
        at = (seq - 1) * DIGEST_BYTES
        return bytes(self._trail[at : at + DIGEST_BYTES]) if seq else EMPTY

    def setup(
        self,
        *,
        heartbeat: float,
        recovered: bool,
        wall: int,
        brief: bool = False,
        language: str = SOURCE,
    ) -> bytes:
        """Return the first message for a viewer, JSON.

        Args:
            heartbeat: seconds between its heartbeats.
            recovered: whether all missed messages follow; otherwise a snapshot does.
            wall: microseconds since 1970 UTC.
            brief: whether the viewer has `about` already.
            language: in which `about` is said.
        """
        with speaking(language):
            about = {} if brief else self.about()
        return encode(
            {
                "type": "setup",
                "origins": self.card.origins,
                **about,
                "event": timeline_json.to_json(self.card),
                **self.position(),
                "heartbeat": heartbeat,
                "time": to_rfc3339(wall),
                "recovered": recovered,
                "ready": self.joined,
            }
        )

    def about(self) -> Json:
        """Return what can be reported of the event, and how its sport is shown."""
        kinds = self._kinds()
        return {
            "actions": [kind["title"] for kind in kinds],
            "kinds": kinds,
            "statements": self._statements(),
            "presentation": self._presentation(),
        }

    def opening(self, now: float, most: int) -> list[Json | msgspec.Raw]:
        """Return what a page begins with: a setup, and a snapshot, from which a viewer goes on.

        Before the host has answered it is the setup alone, as far as the card gives it.

        Nothing in it tells the time, so that it is the same while nothing happens.

        Args:
            now: monotonic seconds.
            most: entries of the snapshot.
        """
        setup = {
            "type": "setup",
            "origins": self.card.origins,
            **self.about(),
            "event": timeline_json.to_json(self.card),
            **self.position(),
            "recovered": False,
            "ready": self.joined,
        }
        return [setup, msgspec.Raw(self.snapshot(now, most).payload())] if self.joined else [setup]

    def _presentation(self) -> msgspec.Raw:
        """Return how the event's sport is shown, encoded once for all viewers of one card who
        read one language."""
        if self._shown[0] is not self.card:
            self._shown = self.card, {}
        encoded = self._shown[1]
        if current() not in encoded:
            shown = wording.presentation(self.card.sport, self.card.rules)
            encoded[current()] = msgspec.Raw(encode(to_json(shown)))
        return encoded[current()]

    def _statements(self) -> list[Json]:
        """Return what can be stated besides; nothing of a sport that is not installed here."""
        try:
            offered = wording.buttons(self.card.sport, self.card.origins)
        except TouchlineError:
            return []
        return [
            {
                "text": button.text,
                "says": dict(button.says),
                "details": _details(button.details),
                "of": list(button.of),
            }
            for button in offered
        ]

    def _kinds(self) -> list[Json]:
        """Return the actions; of a sport that is not installed here, as the host names them."""
        try:
            return [_kind(kind) for kind in wording.kinds(self.card.sport, self.card.rules)]
        except TouchlineError:
            actions = self._setup.actions if self._setup is not None else ()
        return [
            {
                "title": action.title,
                "text": action.text,
                "needs_origin": True,
                "in_play": False,
                "details": [
                    {"name": name, "text": name, "choices": [], "number": False, "required": False}
                    for name in action.details
                ],
            }
            for action in actions
        ]

    def snapshot(self, now: float, most: int = SNAPSHOT_ENTRIES) -> Snapshot:
        """Return a snapshot that is at most a second old.

        Args:
            now: monotonic seconds.
            most: entries that the viewer wants at most; it gets the next of `SNAPSHOT_SIZES`.
        """
        size = next((each for each in SNAPSHOT_SIZES if each >= most), SNAPSHOT_ENTRIES)
        made = self._fresh.get(size)
        if made is None or now - made[0] > SNAPSHOT_SECONDS:
            made = self._fresh[size] = now, self._snapshot(size)
        return made[1]

    def _snapshot(self, size: int) -> Snapshot:
        rows = self._fold.standing[-size:]
        entries = [msgspec.Raw(self._payloads[row.entry.entry_id]) for row in rows]
        body = encode(
            {
                "type": "snapshot",
                "event": self.card.event,
                **self.position(),
                "score": self.score,
                "headline": self.headline,
                "lineups": self.card.lineups,
                "entries": entries,
                "earlier": self.total - len(rows),
                "interruptions": self._interruptions,
                "upheld": [row.entry.entry_id for row in rows if row.reviewed == "upheld"],
                **self._course(),
                "ready": self.joined,
                **self._status(),
            }
        )
        return Snapshot(self.seq, body[:-1])

    # ── besides the feed ─────────────────────────────────────────────────────────────────────

    def heartbeat(self, interval: float, wall: int) -> bytes:
        """Return the heartbeat for viewers that have all messages and asked for this interval."""
        return encode(
            {
                "type": "heartbeat",
                "event": self.card.event,
                **self.position(),
                "interval": interval,
                "time": to_rfc3339(wall),
                **self._status(),
            }
        )

    def status(self, wall: int) -> bytes:
        """Return the message about a change of the state, the cause of silence or an open claim."""
        return encode(
            {
                "type": "status",
                "event": self.card.event,
                "epoch": self.standing.epoch,
                "time": to_rfc3339(wall),
                **self._status(),
            }
        )

    def summary(self) -> Json:
        """Return the state of the event, without its entries."""
        return {
            "event": self.card.event,
            **self.position(),
            "score": self.score,
            "headline": self.headline,
            **self._course(),
            "ready": self.joined,
            **self._status(),
        }

    def position(self) -> Json:
        """Return the position after the newest message, with the digest over the feed."""
        return {
            "epoch": self.standing.epoch,
            "seq": self.seq,
            "digest": self.digest(self.seq).hex(),
        }

    def _course(self) -> Json:
        """Return whether the event is over, and how; whether play is interrupted, and why."""
        ending, interrupted = self._fold.ending, self._fold.interrupted
        return {
            "finished": ending is not None,
            "ending": None
            if ending is None
            else {
                "how": ending.how,
                "winner": ending.winner,
                "reason": ending.reason,
                "until": to_rfc3339(ending.until) if ending.until else None,
            },
            "interrupted": None
            if interrupted is None
            else {"reason": str(interrupted.details.get("reason", ""))},
        }

    def _status(self) -> Json:
        pending = [timeline_json.to_json(one) for one in self.standing.pending]
        recounts = [timeline_json.to_json(one) for one in self.standing.recounts]
        return {**self._state(), "pending": pending, "recounts": recounts}

    def _state(self) -> Json:
        standing = self.standing
        return {
            "state": "finished" if self.finished else standing.state,
            "silence": self._silence(),
            "last_received": to_rfc3339(standing.last_received) if standing.last_received else None,
            "present": standing.present,
            "claims": standing.claims,
            "disputed": standing.disputed,
        }

    def _silence(self) -> Json:
        standing = self.standing
        if self.failure is not None:
            return {"kind": "failed", "text": self.failure.sentence}
        if not self.joined:
            text = standing.away or "the event's host has not answered yet"
            return {
                "kind": "waiting",
                "text": "the event has no host yet" if standing.hosted is False else text,
            }
        if standing.cause.kind == "link_lost":
            # To a viewer, the subscriber's own text would mean the viewer's link.
            found = standing.cause.text.removesuffix(OWN_LINK)
            text = f"the gateway is cut off: {found}"
            return {"kind": "link_lost", "text": text}
        return {"kind": standing.cause.kind, "text": standing.cause.text}

    def _status_key(self) -> tuple[object, ...]:
        standing = self.standing
        lists = standing.pending, standing.recounts
        return standing.epoch, self.joined, *lists, *self._state().values()


def _is_remarkable(message: FeedMessage) -> bool:
    """Return whether a message ends the event before it was played to its end, or says that it
    goes on."""
    return isinstance(message, Finished) and bool(message.how or message.reason)


def frames_of(payloads: Iterable[bytes]) -> list[bytes]:
    """Return messages as WebSocket frames, long ones in fragments."""
    return [frame for payload in payloads for frame in framed(payload)]


def _opening(card: Card) -> tuple[Json, str]:
    """Return the score and headline at the start."""
    try:
        sport = sports.get(card.sport)
        state = sport.start(card.origins, card.rules, card.lineups)
        return sport.score(state), sport.headline(state)
    except TouchlineError:
        return {}, ""  # of a sport that is not installed here


def _kind(kind: sports.Kind) -> Json:
    """Return an action as its button needs it."""
    return {
        "title": kind.title,
        "text": kind.text,
        "needs_origin": kind.needs_origin,
        "in_play": kind.in_play,
        "details": _details(kind.details),
    }


def _details(details: Iterable[sports.Detail]) -> list[Json]:
    return [
        {
            "name": detail.name,
            "text": detail.text,
            "choices": list(detail.choices),
            "number": detail.number,
            "required": detail.required,
            **({"suggested": list(detail.suggested)} if detail.suggested else {}),
        }
        for detail in details
    ]
