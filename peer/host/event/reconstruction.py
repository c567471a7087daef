"""After an outage: when all is in, which score the reporters see, and whether it fits. Pure."""

from __future__ import annotations

from math import inf

from ....protocol import codec, limits, messages
from ....protocol.errors import SettingError
from ....protocol.messages import Entry, Fate
from ....timeline.states import LAST
from ....timeline.timeline import Adopted
from . import records
from .claims import Claim
from .outage import OutageClosed
from .publications import restored
from .publisher import Publisher
from .state import EventState
from .statements import key_score
from .turn import Turn

OUTVOTED_SECONDS = 10.0
"""Once all is told, a claim of the outage that some do not tell ends so long after its last vote,
on the event's clock: no further reporter will speak of it."""


class Reconstruction:
    """Ends an outage once what happened in it is put together.

    Args:
        state: its outage ends, a confirmed score comes into force on its timeline.
        turn: what is put on record and sent to the reporters.
        publisher: puts the message that ends the outage on the feed.
    """

    def __init__(self, state: EventState, turn: Turn, publisher: Publisher) -> None:
        self._state = state
        self._turn = turn
        self._publisher = publisher
        self._patience = state.options.patience
        self._claim_ttl = state.clock.real(state.options.claim_ttl)  # seconds
        # What is undecided for less than that could not have ended of itself either.
        self._outvoted = min(state.clock.real(OUTVOTED_SECONDS), self._claim_ttl)

    def handle_timer(self, now: float) -> bool:
        """Ask for the score once all is in; return whether no more answers are waited for."""
        state, outage = self._state, self._state.outage
        delivered = outage.all_delivered(state.roster.staying, now, self._patience)
        if not delivered or outage.undecided(state.claims.open.values()):
            # A reporter whose outbox never empties must not suspend the event for ever.
            longest = self._patience + self._claim_ttl + outage.confirm_wait
            return now >= outage.back_at + longest
        if outage.asked_at is None:
            outage.asked_at = now
            self._ask()
        return now >= outage.asked_at + outage.confirm_wait

    def outvoted(self, now: float) -> list[Claim]:
        """Return the claims of the outage that no further reporter will speak of: all are back and
        have told what they have, some of them nothing of it, and it was not enough. The caller ends
        them."""
        state, outage = self._state, self._state.outage
        # A reporter that was waited for in vain may still come back, with a report that agrees.
        if not outage.all_delivered(state.roster.staying, now, inf):
            return []
        # A claim's time runs from its last vote on, or from a restart of the host.
        since = now + self._claim_ttl - self._outvoted
        found = []
        for one in outage.undecided(state.claims.open.values()):
            others = [each for each in state.roster.staying if not one.voters & each.bit]
            voted = one.until - self._claim_ttl
            # A reporter that is alone is outvoted by none: others may have left, and come back. Who
            # has not been heard since the last vote may have said it, and the report be lost.
            if one.until <= since and others and all(each.heard >= voted for each in others):
                found.append(one)
        return found

    def inaccuracy(self, confirmed: Claim | None) -> str:
        """Return why what was put together is known to be wrong; empty where it is not.

        A confirmed score goes on record, and into force where the entries lead to another.

        Args:
            confirmed: the claim in which enough reporters state one score; None: there is none.
        """
        reason = self._compare(confirmed) if confirmed is not None else ""
        disputed = self._state.outage.disputed
        if not reason and disputed:
            reason = f"the reports disagree on {disputed} of the actions of the outage"
        return reason[: limits.TEXT_CHARS]

    def standing(self) -> list[Entry]:
        """Return the entries of the outage that stand."""
        versions = self._state.timeline.versions
        entries = [versions[entry_id] for entry_id in self._state.outage.entries]
        return [entry for entry in entries if entry.status != "DELETED"]

    def close(self, *, entries: int, confirmed: bool, reason: str) -> None:
        """Say on the feed that the event goes on.

        Args:
            entries: how many entries of the outage stand.
            confirmed: enough reporters stated one score.
            reason: see `inaccuracy`.
        """
        state = self._state
        message = restored(
            state.card.event,
            state.epoch,
            state.feed.seq + 1,
            state.wall,
            state.outage,
            entries=entries,
            confirmed=confirmed,
            reason=reason,
            sport=state.sport,
            state=state.timeline.state,
        )
        self._publisher.send(codec.encode(message))
        state.outage.take(OutageClosed())

    def settle(self, claim: Claim) -> None:
        """End a statement that changes nothing: the score holds already, or has been corrected."""
        score = key_score(claim.index.key) if claim.index.title == "confirm" else {}
        record = records.ScoreConfirmed(claim=claim.number, time=claim.time, score=score)
        self._turn.record(codec.encode(record))
        self._confirm(record)

    def restore_confirmed(self, record: records.ScoreConfirmed, _raw: bytes) -> None:
        """Put a confirmed score in force as the journal says."""
        self._confirm(record)

    def restore_closed(self, _message: messages.Restored, raw: bytes) -> None:
        """End the outage as the journal says."""
        self._state.feed.append(raw)
        self._state.outage.take(OutageClosed())

    def _ask(self) -> None:
        """Ask the reporters who are there for the score."""
        state, outage = self._state, self._state.outage
        frame = codec.encode(
            messages.Confirm(event=state.card.event, since=outage.since, until=outage.until)
        )
        for reporter in state.roster.staying:
            if reporter.heard >= outage.back_at:
                self._turn.send(reporter, frame)

    def _compare(self, claim: Claim) -> str:
        """Return why the entries do not lead to the score that a claim states; empty: they do."""
        state = self._state
        stated = score = key_score(claim.index.key)
        before = state.timeline.state_before(state.outage.since, 0)
        after = state.timeline.state_before(claim.time, LAST)
        reason, adopt = "", False
        try:
            reason = state.sport.gap(before, after, stated) or ""
            if reason:
                # In full, so that it holds whatever is still put before it.
                score, adopt = state.sport.score(state.sport.adopt(after, stated)), True
        except SettingError as error:  # what came in since it was stated leaves no room for it
            reason = reason or error.sentence
        record = records.ScoreConfirmed(
            claim=claim.number, time=claim.time, score=score, adopt=adopt
        )
        self._turn.record(codec.encode(record))
        self._confirm(record)
        return reason

    def _confirm(self, record: records.ScoreConfirmed) -> None:
        state = self._state
        claim = state.claims.open[record.claim]
        state.claims.close(claim, forget=True)
        self._turn.add_fates(claim, Fate(n=0, outcome="accepted", seq=state.feed.seq))
        if record.adopt:
            state.timeline.adopt(Adopted(record.time, record.score))
