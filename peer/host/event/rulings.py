"""Rulings: what the owner of an event decides about it, with a reason. Pure.

A ruling is one message on the feed, of a new epoch: an entry, a new version of one, or that the
event is over or goes on. It carries the owner's signature, so that it can be checked by the event's
card alone, whoever passed it on.

| act          | takes              | leads to                                     |
|--------------|--------------------|----------------------------------------------|
| `reopen`     | nothing            | `finished` with `over` false                 |
| `award`      | `origin`           | `finished`, awarded, `winner` the origin     |
| `amend`      | `score`            | a statement, after all other entries         |
| `amend`      | `entry`, `details` | the entry UPDATED                            |
| `disqualify` | `origin`           | an entry of the sport's own action           |
| `reinstate`  | `origin`           | that entry DELETED                           |
| `delete`     | `entry`            | the entry DELETED                            |
| `uphold`     | `entry`            | the entry CONFIRMED                          |
| `uphold`     | `title`, `origin`  | the newest open claim of it, as an entry     |
| `suspend`    | nothing            | a statement that play is interrupted         |
| `resume`     | nothing            | a statement that it goes on                  |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from ....protocol import keys, limits, messages, signing
from ....protocol.errors import (
    BadMessage,
    BadSignature,
    Conflict,
    IllegalAction,
    NotAllowed,
    NotFound,
    Overloaded,
    SettingError,
)
from ....protocol.messages import Entry, Evidence, Ruling
from ....sports import Kind, Sport, misfit, statements
from ....sports.capabilities import Disqualifying, Stating
from ....timeline.states import LAST
from ....timeline.timeline import Timeline, action_of
from .claims import Claim
from .decisions import Decisions
from .outage import SUSPENDED
from .state import EventState
from .statements import score_key
from .turn import Turn

TAKES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "reopen": ((),),
    "end": ((),),
    "award": (("origin",),),
    "amend": (("score",), ("details", "entry")),
    "disqualify": (("origin",),),
    "reinstate": (("origin",),),
    "delete": (("entry",),),
    "uphold": (("entry",), ("title",), ("origin", "title")),
    "suspend": ((),),
    "resume": ((),),
}
"""What each act needs and takes: one of these."""

ENDS = ("award", "end", "reopen")
"""The acts that end the event or let it go on, and make no entry."""

PLAY: Mapping[str, str] = {"suspend": "interrupted", "resume": "resumed"}
"""What the acts state of play, while the event goes on."""

DISPUTES = ("delete", "uphold")
"""The acts that say what stands, while reports of the event count, and afterwards."""

SIDES = 2
"""An event is awarded to one of so many sides."""


@dataclass(frozen=True, slots=True)
class RuledEvent:
    """What a ruling is held against.

    Args:
        card: of the event.
        sport, kinds: what is played, and its actions by title.
        timeline: as it is before the ruling.
    """

    card: messages.Card
    sport: Sport
    kinds: Mapping[str, Kind]
    timeline: Timeline


class Draft(NamedTuple):
    """The number and the times that the entry of a ruling has, which the host gives it.

    Args:
        number: of its claim.
        time: event time, microseconds.
        wall: microseconds since 1970 UTC.
        present: reporters that are there.
    """

    number: int
    time: int
    wall: int
    present: int


class Rulings:
    """Takes the owner's rulings in.

    Args:
        state: gets the claim of a ruling's entry.
        turn: what is put on record.
        decisions: makes the entry of an open claim that the owner upholds.
    """

    def __init__(self, state: EventState, turn: Turn, decisions: Decisions) -> None:
        self._state = state
        self._turn = turn
        self._decisions = decisions
        self._made: dict[str, tuple[Ruling, messages.Ruled]] = {}  # by the ruling's id

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._made)

    def repeated(self, ruling: Ruling) -> messages.Ruled | None:
        """Return the answer to a ruling that was made before, None where it is new.

        Raises:
            Conflict: its id belongs to another one.
        """
        before, answer = self._made.get(ruling.ruling, (None, None))
        if before is None or answer is None:
            return None
        if signing.ruling_content(before) != signing.ruling_content(ruling):
            raise Conflict(f"the id {ruling.ruling!r} belongs to another ruling")
        return replace(answer, id=ruling.id)

    def check(self, ruling: Ruling) -> None:
        """Refuse a ruling that is not the owner's, or that cannot be made now.

        Raises:
            PeerError: says why.
        """
        state = self._state
        check_owner(state.card, ruling)
        check_form(ruling)
        if len(self._made) >= limits.RULINGS:
            raise Overloaded(f"{limits.RULINGS:,} rulings were made, no more are allowed")
        check_end(ruling, finished=state.finished, ended_before=bool(state.finished_at))
        check_contact(ruling, lost=state.outage.state in SUSPENDED)
        event = self._event
        if ruling.act == "award":
            check_award(ruling, event)
        elif ruling.title:
            self._upheld(ruling)
        elif ruling.act not in ENDS:
            entry_of(ruling, event, self._draft(0))

    def take_in(self, ruling: Ruling, raw: bytes) -> Entry | None:
        """Put a ruling that was checked on record; within a turn and its new epoch.

        Returns:
            The entry that it leads to, None where it ends or reopens the event.
        """
        self._turn.record(raw)
        claim = self._remember(ruling)
        if ruling.act in ENDS:
            return None
        if ruling.title:
            return self._upheld(ruling)
        return entry_of(ruling, self._event, self._draft(claim.number if claim else 0))

    def restore(self, ruling: Ruling, _raw: bytes) -> None:
        """Take a ruling in as the journal says; the record after it is what it led to."""
        self._remember(ruling)

    def answer(self, ruling: Ruling) -> messages.Ruled:
        """Return the answer to a ruling that is on record."""
        return replace(self._made[ruling.ruling][1], id=ruling.id)

    def _upheld(self, ruling: Ruling) -> Entry:
        """Return the entry of the newest open claim that a ruling upholds.

        Raises:
            NotFound, Conflict, IllegalAction: nobody reported it, or it can't stand.
        """
        state = self._state
        index = state.claims.find_index((ruling.title, ruling.origin))
        found = [one for one in state.claims.open.values() if one.index is index and one.votes]
        if not found:
            what = " ".join(filter(None, (ruling.title, ruling.origin)))
            raise NotFound(f"uphold: no report of {what} is open")
        claim = max(found, key=lambda one: one.mean)
        for rival in state.claims.rivals(claim):
            if rival.index is not claim.index and rival.standing in ("PROVISIONAL", "CONFIRMED"):
                raise Conflict(
                    f"uphold: entry {rival.entry_id} stands, which excludes it; delete that first"
                )
        return by_owner(self._decisions.uphold(claim, ruling.title), ruling)

    @property
    def _event(self) -> RuledEvent:
        state = self._state
        return RuledEvent(state.card, state.sport, state.kinds, state.timeline)

    def _draft(self, number: int) -> Draft:
        """Return what the host says of the entry: it stands after all others."""
        state = self._state
        last = state.timeline.last
        now = state.clock.event_time(state.wall)
        time = max(now or 0, last.time if last is not None else 0) or state.wall
        return Draft(number, time, state.wall, state.roster.present)

    def _remember(self, ruling: Ruling) -> Claim | None:
        """Remember a ruling; return the claim of its entry, None where it makes none."""
        state = self._state
        self._made[ruling.ruling] = (
            ruling,
            messages.Ruled(
                id=0,
                event=ruling.event,
                ruling=ruling.ruling,
                epoch=state.epoch,
                seq=state.feed.seq + 1,  # that of the one message that it leads to
            ),
        )
        state.ended_by_rules = False
        if ruling.act == "amend" and ruling.entry:
            state.by_entry[ruling.entry].amended |= ruling.details
            return None
        if ruling.act not in ("amend", "disqualify", *PLAY):
            return None
        draft = self._draft(0)
        entry = entry_of(ruling, self._event, draft)
        if ruling.act in PLAY:
            said = (statements.TITLE, statements.PLAY.name, PLAY[ruling.act])
            index = state.claims.correction_index(*said)
        elif entry.stated:
            index = state.claims.correction_index(*score_key(entry.stated))
        else:
            index = state.claims.index(entry.title, entry.origin)
        until = state.now + state.options.claim_ttl
        return state.claims.start(index, draft.time, (), state.wall, until)


def check_owner(card: messages.Card, ruling: Ruling) -> None:
    """Refuse a ruling of a peer that does not own the event.

    Raises:
        NotAllowed, BadSignature: it is none of the owner's.
    """
    if not card.owner:
        raise NotAllowed(f"the broker does not say who owns {card.event}")
    signer = keys.peer_id(ruling.key)
    if ruling.event != card.event or signer not in (card.owner, *card.owners):
        raise NotAllowed(f"only the owner of {card.event}, {card.owner}, may rule on it")
    if not signing.is_by(signer, ruling):
        raise BadSignature("the ruling does not bear the signature of its key")


def check_form(ruling: Ruling) -> None:
    """Refuse a ruling without a reason, or with what its act does not take.

    Raises:
        BadMessage: says what.
    """
    if not ruling.ruling or not ruling.reason.strip():
        raise BadMessage(f"{ruling.act}: a ruling has an id and a reason")
    names = ("details", "entry", "origin", "score", "title")
    given = tuple(name for name in names if getattr(ruling, name))
    takes = TAKES[ruling.act]
    if given not in takes:
        wanted = " or ".join(" and ".join(names) or "nothing" for names in takes)
        raise BadMessage(f"{ruling.act} takes {wanted}, not {' and '.join(given) or 'nothing'}")


def check_end(ruling: Ruling, *, finished: bool, ended_before: bool) -> None:
    """Refuse a ruling that belongs before the end of an event after it, and the other way round.

    While it goes on, the owner rules what stands of what was reported, suspends it, awards it, and
    ends it where it was over once.

    Args:
        ruling: the ruling.
        finished: whether the event is over.
        ended_before: whether it was over at any time.

    Raises:
        Conflict: it has to be over first, or it is over already.
    """
    if ruling.act == "end" and ended_before:
        if finished:
            raise Conflict("end: the event is over already")
    elif ruling.act in PLAY:
        if finished:
            raise Conflict(f"{ruling.act}: the event is over")
    elif not finished and not (ruling.act in ("award", *DISPUTES) or ruling.entry):
        raise Conflict(f"{ruling.act}: the event is not over; its reporters say what happens")


def check_contact(ruling: Ruling, *, lost: bool) -> None:
    """Refuse a ruling on what was reported while contact with the venue is lost, or while what
    happened then is put together: that may be decided otherwise a moment later. Play is suspended
    then too: whoever went home in a thunderstorm reports nothing.

    Args:
        ruling: the ruling.
        lost: whether it is so.

    Raises:
        Conflict: it has to wait.
    """
    if lost and ruling.act not in (*ENDS, *PLAY):
        raise Conflict(f"{ruling.act}: contact with the venue is lost; rule when it is back")


def check_award(ruling: Ruling, event: RuledEvent) -> None:
    """Refuse to award an event to a side that it does not have, or that has no two sides.

    Raises:
        IllegalAction, NotFound: says which.
    """
    origins = event.card.origins
    if len(origins) != SIDES:
        raise IllegalAction(f"an event is awarded to one of two sides; this has {len(origins)}")
    if ruling.origin not in origins:
        raise NotFound(f"no side {ruling.origin!r}; there are {', '.join(origins)}")


def entry_of(ruling: Ruling, event: RuledEvent, draft: Draft) -> Entry:
    """Return the version of an entry that a ruling leads to, without what follows from the
    timeline.

    Args:
        ruling: it names no title, and does not end the event or let it go on.
        event: before the ruling.
        draft: what a new entry gets from the host.

    Raises:
        PeerError: the sport knows no such ruling, or it changes nothing.
    """
    if ruling.act in PLAY:
        return _play(ruling, event, draft)
    if ruling.act in DISPUTES:
        return _disputed(ruling, event)
    if ruling.act == "amend":
        return _amended(ruling, event) if ruling.entry else _result(ruling, event, draft)
    title = _disqualification(event)
    if ruling.origin not in event.card.origins:
        raise NotFound(f"no origin {ruling.origin!r} in {event.card.event}")
    if ruling.act == "reinstate":
        standing = event.timeline.alike(title, ruling.origin)
        if not standing:
            raise NotFound(f"{ruling.origin} is not disqualified")
        return by_owner(replace(standing[-1], status="DELETED"), ruling)
    takes = {detail.name for detail in event.kinds[title].details}
    details = {"reason": ruling.reason} if "reason" in takes else {}
    entry = _new(ruling, event, draft, title, ruling.origin)
    entry = replace(entry, details=details)
    illegal = event.sport.illegal(event.timeline.state, action_of(entry))
    if illegal is not None:
        raise IllegalAction(illegal)
    return entry


def _disqualification(event: RuledEvent) -> str:
    sport = event.sport
    if not isinstance(sport, Disqualifying):
        text = sport.text.lower()
        raise IllegalAction(
            f"{text} knows no disqualification; award the event, or amend the score"
        )
    return sport.disqualification


def _result(ruling: Ruling, event: RuledEvent, draft: Draft) -> Entry:
    sport, state = event.sport, event.timeline.state
    try:
        stated = sport.read_score(state, ruling.score)
        score = sport.score(sport.adopt(state, stated))
    except SettingError as error:
        raise BadMessage(f"amend: {error.sentence}") from None
    if score == sport.score(state):
        raise Conflict(f"amend: {ruling.score} changes nothing in {sport.headline(state)}")
    entry = _new(ruling, event, draft, statements.TITLE, "")
    return replace(entry, details={statements.SCORE.name: ruling.score}, stated=score)


def _play(ruling: Ruling, event: RuledEvent, draft: Draft) -> Entry:
    """Return the statement that play is interrupted, or goes on."""
    said = [
        one.details[statements.PLAY.name]
        for one in event.timeline.alike(statements.TITLE, "")
        if statements.PLAY.name in one.details
    ]
    word = PLAY[ruling.act]
    if word == (said[-1] if said else PLAY["resume"]):
        raise Conflict(f"{ruling.act}: play is {word} already")
    details = {statements.PLAY.name: word, statements.REASON.name: ruling.reason}
    entry = replace(_new(ruling, event, draft, statements.TITLE, ""), details=details)
    if isinstance(event.sport, Stating):
        before = event.timeline.state_before(entry.time, LAST)
        reason = event.sport.unstatable(before, action_of(entry))
        if reason is not None:
            raise IllegalAction(reason)
    return entry


def _disputed(ruling: Ruling, event: RuledEvent) -> Entry:
    """Return an entry as the owner upholds or deletes it."""
    entry = event.timeline.versions.get(ruling.entry)
    if entry is None or entry.status == "DELETED":
        raise NotFound(f"{ruling.act}: no entry {ruling.entry!r} stands")
    if ruling.act == "delete":
        return by_owner(replace(entry, status="DELETED"), ruling)
    if entry.status != "PROVISIONAL":
        raise Conflict(f"uphold: entry {ruling.entry} is confirmed already")
    return by_owner(replace(entry, status="CONFIRMED"), ruling)


def _amended(ruling: Ruling, event: RuledEvent) -> Entry:
    entry = event.timeline.versions.get(ruling.entry)
    if entry is None or entry.status == "DELETED":
        raise NotFound(f"amend: no entry {ruling.entry!r} stands")
    if entry.title == statements.TITLE:
        raise IllegalAction("amend: a statement is not amended; amend the score")
    details = {**entry.details, **ruling.details}
    if details == entry.details:
        raise Conflict(f"amend: entry {ruling.entry} says so already")
    now = replace(entry, details=details)
    reason = misfit(event.kinds, (entry.origin,), action_of(now))
    if reason is not None:
        raise BadMessage(f"amend: {reason}")
    before = event.timeline.state_before(entry.time, int(entry.entry_id))
    illegal = event.sport.illegal(before, action_of(now))
    if illegal is not None:
        raise IllegalAction(illegal)
    return by_owner(replace(now, status="UPDATED"), ruling)


def _new(ruling: Ruling, event: RuledEvent, draft: Draft, title: str, origin: str) -> Entry:
    return Entry(
        event=event.card.event,
        epoch=0,
        seq=0,
        entry_id=str(draft.number),
        status="CONFIRMED",
        title=title,
        origin=origin,
        time=draft.time,
        first_reported=draft.wall,
        accepted=draft.wall,
        sent=draft.wall,
        evidence=Evidence(for_=0, present=draft.present),
        reason=ruling.reason,
        by=keys.peer_id(ruling.key),
    )


def by_owner(entry: Entry, ruling: Ruling) -> Entry:
    """Return a version of an entry that says who ruled so, and why."""
    return replace(entry, reason=ruling.reason, by=keys.peer_id(ruling.key))
