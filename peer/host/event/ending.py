"""The end of an event: by the rules of its sport, or by the votes of its reporters. Pure.

A vote to end is a report titled `end`. Its details may say `how` the event ended, the `winner`, and
the `reason`; with the detail `over` false it is a vote against the end. So is a report of what
happens after the first vote to end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import cast, get_args

from ....protocol import codec, keys, messages
from ....protocol.errors import BadReport
from ....protocol.messages import Detail, Fate, Happening
from ....protocol.times import SECOND
from . import allies
from .claims import Claim
from .outage import EventEnded, EventReopened
from .publications import finished
from .publisher import Publisher
from .state import EventState
from .turn import Turn

QUIET_SECONDS = 15.0
"""The end waits while there are open claims that got a vote in the last so many seconds."""

REOPENED_SECONDS = 600.0
"""An event that its owner reopened does not end by the rules before, nor before reports would have
counted had it stayed over. On the event's clock."""

LONGEST_SECONDS = 60.0
"""It waits no longer, though claims come and come. On the event's clock, both."""

DETAILS: Mapping[str, type] = {"over": bool, "how": str, "winner": str, "reason": str}
"""What a vote to end may say."""

WAYS: tuple[str, ...] = get_args(messages.HowEnded)[1:]
"""How an event may have ended that was not played to its end."""

UNLIKE = "what led to the end turned out otherwise"
VOTED = "reporters say that it goes on"
"""Why an event is not over after all."""

OVER = ("end", "", "")
NOT_OVER = ("end", "", "not")
"""The keys of the claims that the event is over, and that it is not."""


class Ending:
    """Ends an event.

    Args:
        state: is finished by it.
        turn: the fates of the votes for the end.
        publisher: puts the message that ends the feed on it.
    """

    def __init__(self, state: EventState, turn: Turn, publisher: Publisher) -> None:
        self._state = state
        self._turn = turn
        self._publisher = publisher
        self._delay = state.clock.real(state.options.finish_after)  # seconds, as all that follow
        self._ttl = state.clock.real(state.options.claim_ttl)
        self._quiet = min(state.clock.real(QUIET_SECONDS), self._ttl)
        self._longest = state.clock.real(LONGEST_SECONDS)
        self._reopened = max(state.clock.real(REOPENED_SECONDS), state.aftermath / SECOND)
        self._due_at = 0.0  # monotonic; when it is to end by the rules, if nothing else is said
        self._agreed_at: float | None = None  # monotonic; when enough had voted to end
        self._look_at: float | None = None  # monotonic; when to look again whether all is quiet

    def restart(self) -> None:
        """Look at the end anew, as after a restart of the host: votes for it may be waiting."""
        state = self._state
        state.finish_at = self._agreed_at = None
        self._look_at = state.now + self._quiet if state.claims.ends() else None
        self.consider()

    def consider(self) -> None:
        """Let the event end some time after the sport says that nothing more can happen.

        It ends also while contact is lost, but not while an outage is put together, which may
        change the score. Where reports that came after the end change what led to it, the event is
        not over after all.
        """
        state = self._state
        if state.finished:
            if state.ended_by_rules and not state.sport.over(state.timeline.state):
                self.reopen(None)
            return
        reconstructing = state.outage.state == "reconstructing"
        if reconstructing:
            state.finish_at = None
        elif not state.sport.over(state.timeline.state):
            state.finish_at, state.reopened_by = None, ""
        elif state.finish_at is None:
            delay = self._reopened if state.reopened_by else self._delay
            state.finish_at = self._due_at = state.now + delay

    def due(self, now: float) -> bool:
        """Return whether the event is to end now by the rules of its sport."""
        state = self._state
        if state.finish_at is None or now < state.finish_at:
            return False
        busy_until = self._busy_until()
        longest = self._due_at + self._longest
        if busy_until is None or now >= longest:
            return True
        state.finish_at = min(busy_until, longest)
        return False

    def may_end(self, claim: Claim) -> bool:
        """Return whether an event that enough have voted to end may end now.

        It waits, and is to be looked at again, while reporters speak of something else: what is
        under way is decided first. The votes wait as long.

        Args:
            claim: the votes.
        """
        now = self._state.now
        if self._agreed_at is None:
            self._agreed_at = now
        busy_until = self._busy_until()
        longest = self._agreed_at + self._longest
        if busy_until is None or now >= longest:
            return True
        self._look_at = min(busy_until, longest)
        claim.until = max(claim.until, self._look_at + self._ttl)
        return False

    def votes(self, now: float) -> list[Claim]:
        """Return the votes to end that are to be looked at again, now that all may be quiet."""
        if self._look_at is None or now < self._look_at:
            return []
        self._look_at = None
        return self._state.claims.ends()

    def next_timer(self) -> float | None:
        """Return when votes to end are to be looked at again (monotonic seconds)."""
        return self._look_at

    def _busy_until(self) -> float | None:
        """Return until when (monotonic seconds) to wait for open claims that got a vote in the last
        seconds; None where there are none."""
        state = self._state
        # A claim's time runs from its last vote on, or from a restart of the host.
        last = max(
            (claim.until for claim in state.claims.open.values() if claim.index.title != "end"),
            default=None,
        )
        if last is None:
            return None
        until = last - self._ttl + self._quiet
        return until if until > state.now else None

    def finish(self, claim: Claim | None) -> None:
        """Say on the feed that the event is over.

        Args:
            claim: by whose votes; None: by the rules of the sport.
        """
        state = self._state
        how, winner, reason = outcome(_said(state, claim)) if claim is not None else ("", "", "")
        until = state.wall + state.aftermath if state.aftermath else 0
        self._say(how=how, winner=winner, reason=reason, until=until)

    def reopen(self, claim: Claim | None) -> None:
        """Say on the feed that the event is not over after all.

        Args:
            claim: by whose votes; None: what led to its end, by the rules, did not happen so.
        """
        self._say(over=False, reason=UNLIKE if claim is None else VOTED)

    def rule(self, ruling: messages.Ruling) -> None:
        """Say on the feed that the owner ends the event, awards it to a side, or lets it go on."""
        state = self._state
        over = ruling.act != "reopen"
        until = state.reports_until if state.finished else state.wall + state.aftermath
        self._say(
            over=over,
            how="awarded" if ruling.act == "award" else "",
            winner=ruling.origin,
            reason=ruling.reason,
            until=until if over and state.aftermath else 0,
            by=keys.peer_id(ruling.key),
        )

    def _say(
        self,
        *,
        over: bool = True,
        how: messages.HowEnded = "",
        winner: str = "",
        reason: str = "",
        until: int = 0,
        by: str = "",
    ) -> None:
        """Say on the feed that the event is over, or not, and carry it out; see `Finished`."""
        state = self._state
        message = finished(
            state.card.event,
            state.epoch,
            state.feed.seq + 1,
            state.wall,
            state.sport,
            state.timeline.state,
            how=how,
            winner=winner,
            reason=reason,
            over=over,
            until=until,
            by=by,
        )
        self._publisher.send(codec.encode(message))
        self._apply(message)

    def restore(self, message: messages.Finished, raw: bytes) -> None:
        """End the event, or let it go on, as the journal says."""
        self._state.feed.append(raw)
        self._apply(message)

    def _whistles(self) -> list[Claim]:
        """Return the open claims whose reporters said in another word that the event is over."""
        votes = [one for one in self._state.claims.ends() if not one.index.key]
        return [ally for one in votes for ally in allies.of(self._state, one)]

    def _apply(self, message: messages.Finished) -> None:
        """End the event or let it go on; add the fates of the votes for the end, and against it."""
        state = self._state
        whistles = self._whistles() if message.over and not message.by else []
        state.finished = message.over
        state.finish_at = self._look_at = self._agreed_at = None
        state.ended_by = message.by if message.over else ""
        state.reopened_by = "" if message.over else message.by
        if message.over:
            if state.outage.state != "finished":  # an award may follow another end
                state.outage.take(EventEnded())
            state.ended_by_rules = not message.by and state.sport.over(state.timeline.state)
            state.finished_at, state.reports_until = message.sent, message.until
        else:
            state.outage.take(EventReopened())
        for claim in whistles:
            state.claims.close(claim, forget=True)
            self._turn.add_fates(claim, Fate(n=0, outcome="accepted", seq=message.seq))
        for claim in state.claims.ends():
            state.claims.close(claim, forget=True)
            if (claim.index.key == OVER[2]) == message.over:
                self._turn.add_fates(claim, Fate(n=0, outcome="accepted", seq=message.seq))
            else:
                self._turn.add_fates(claim, Fate(n=0, outcome="expired"))


def read(
    event: Happening, origins: Collection[str]
) -> tuple[tuple[str, str, str], dict[str, Detail]]:
    """Return the key of a vote for the end or against it, and what it says.

    Args:
        event: the report, of no other details than `DETAILS`.
        origins: of the event.

    Raises:
        BadReport: its details are not valid.
    """
    details = dict(event.details or {})
    for name, value in details.items():
        if not isinstance(value, DETAILS[name]):
            wanted = "true or false" if DETAILS[name] is bool else "a text"
            raise BadReport(f"end: {name} is {wanted}, not {value!r}")
    if not details.pop("over", True):
        return NOT_OVER, {}
    how, winner = str(details.get("how", "")), str(details.get("winner", ""))
    if how and how not in WAYS:
        raise BadReport(f"end: how is {how!r}, not one of {', '.join(WAYS)}")
    if winner and winner not in origins:
        raise BadReport(f"end: no winner {winner!r}; there are {', '.join(origins)}")
    return OVER, details


def outcome(said: Sequence[Mapping[str, Detail]]) -> tuple[messages.HowEnded, str, str]:
    """Return how an event ended, the winner and the reason, as most votes to end it say.

    Args:
        said: the details of each; a vote without any says that it was played to its end.
    """
    ways = Counter((str(one.get("how", "")), str(one.get("winner", ""))) for one in said)
    (how, winner), _ = ways.most_common(1)[0]
    reasons = Counter(
        str(one["reason"]) for one in said if "reason" in one and one.get("how", "") == how
    )
    reason = reasons.most_common(1)[0][0] if reasons else ""
    return cast(messages.HowEnded, how), winner, reason  # only such were let in


def _said(state: EventState, claim: Claim) -> list[Mapping[str, Detail]]:
    """Return the details of each vote that counts."""
    voters = [voter for voter, _ in claim.votes if not state.roster.on_probation >> voter & 1]
    return [claim.details.get(voter, {}) for voter in voters]
