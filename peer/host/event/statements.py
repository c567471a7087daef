"""What reporters state besides what happens: the score, the minute, that play is interrupted. Pure.

A statement is a report titled `state` of one subject, or `confirm`, which states the score. It is
voted on as a claim of its own; where enough agree it becomes an entry titled `state`, so that what
was stated is told apart from what was counted, and may be deleted like any other. A score that
holds already becomes none.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from ....protocol import limits
from ....protocol.errors import BadReport, NotFound, SettingError
from ....protocol.messages import Detail, Entry, EntryStatus, Evidence, Happening, ReviewOutcome
from ....protocol.times import LATEST
from ....sports import Action, Score, statements
from ....sports.capabilities import Reviews, Stating
from ....timeline.states import LAST
from .ballots import Key, cast, change_mind
from .claims import Claim
from .participant import Participant
from .state import EventState

CLOCK_SECONDS = 2.0
"""How far a reporter's clock, as it was measured when it attached, may be off."""

OPEN_SECONDS = 45.0
"""A statement finds agreement within so long of its last vote, or never: it is soon out of date."""

LATE_SECONDS = 60.0
"""A statement is late, and no new one, that says so shortly after what has become an entry."""

QUIET_SECONDS = 8.0
"""A score that is not the one of the entries waits for what was reported in the last seconds: that
may be the difference. On the event's clock, as those above."""

REVIEWED_SECONDS = 600.0
"""A review without an entry is of the newest that may be reviewed, of the last so many seconds.
Once play has gone on since then, it is of something that nobody reported."""

UNREPORTED_SINCE = 10
"""The edition of the rules, see `records.EDITION`, since which what nobody reported can be under
review."""

UNKNOWN = "under review"
"""What is said of a review whose reason is not known."""


class Statements:
    """Takes statements in, and says what they lead to.

    Args:
        state: its claims get votes.
    """

    def __init__(self, state: EventState) -> None:
        self._state = state
        clock = state.clock
        ttl = clock.real(state.options.claim_ttl)
        self._ttl = ttl  # of a score after an outage, in real seconds as those that follow
        self._open = min(clock.real(OPEN_SECONDS), ttl)
        self._quiet = min(clock.real(QUIET_SECONDS), self._open)
        self._inexact = clock.span(CLOCK_SECONDS)
        self._look_at: float | None = None  # monotonic; when what waits is looked at again

    # ── votes ────────────────────────────────────────────────────────────────────────────────

    def match(self, reporter: Participant, n: int, event: Happening) -> Claim:
        """Add a statement to the claim that says the same; return the claim.

        Raises:
            BadReport, NotFound: it is not valid, or there is nothing that it could be about.
        """
        state = self._state
        if not state.edition and (
            event.title == statements.TITLE or state.outage.state != "reconstructing"
        ):
            raise BadReport(f"no statement is asked for: {event.title}")
        if state.outage.state == "reconstructing":
            return self._after_outage(reporter, n, event)
        time = event.time + reporter.clock_offset
        if time < state.earliest:
            raise state.clock.refusal(time, state.wall, state.earliest)
        time = min(time, self._now())
        details = dict(event.details or {})
        key = self._key(event, time, details)
        others = [one for one in state.claims.stated() if one.index.origin == key[1]]
        change_mind(state, reporter, others, key)
        late = self._late(key)
        if late is not None and not late.voters & reporter.bit:
            late.add_late_vote(reporter.voter, reporter.bit, n, time, details)
            return late
        until = state.now + self._open
        return cast(state, reporter, n, key, details, time=time, until=until)

    def _key(self, event: Happening, time: int, details: dict[str, Detail]) -> Key:
        """Return the key of a statement's claim; fill in the entry that a review means."""
        state = self._state
        if event.title == "confirm" or statements.SCORE.name in details:
            _check(state, Action(statements.TITLE, "", time, details))
            return score_key(self._read(str(details.get("score", ""))))
        action = Action(statements.TITLE, event.origin, time, details)
        _check(state, action)
        subject = statements.subject(state.sport, details)
        if subject == statements.REVIEW.name:
            return self._review_key(details, time)
        if isinstance(state.sport, Stating):
            reason = state.sport.unstatable(state.timeline.state_before(time, LAST), action)
            if reason is not None:
                raise BadReport(f"state: {reason}")
        return (statements.TITLE, subject, str(details[subject]))

    def _read(self, text: str) -> Score:
        state = self._state
        try:
            score = state.sport.read_score(state.timeline.state, text)
            state.sport.adopt(state.timeline.state, score)  # says enough to go on from
        except SettingError as error:
            raise BadReport(error.sentence) from None
        return score

    def _review_key(self, details: dict[str, Detail], time: int) -> Key:
        """Return the key of a review's claim; fill in the entry that is meant."""
        said, entry_id = str(details[statements.REVIEW.name]), details.get("entry")
        if entry_id == "" and said == "begun" and self._state.edition >= UNREPORTED_SINCE:
            entry = None  # it is none of those that there are, the reporter says
        else:
            entry = self._reviewed(str(entry_id or ""), time, over=said == "over")
        if entry is None:
            details.pop("entry", None)
            return (statements.TITLE, statements.REVIEW.name, said)
        details["entry"] = entry.entry_id
        return (statements.TITLE, f"review {entry.entry_id}", said)

    def _reviewed(self, entry_id: str, time: int, *, over: bool) -> Entry | None:
        """Return the entry that is under review, by its id, or as the newest that can be; None
        where the officials look at something that nobody reported."""
        state = self._state
        since_editions = state.sport.reviewed if isinstance(state.sport, Reviews) else {}
        titles = {title for title, since in since_editions.items() if since <= state.edition}
        if entry_id:
            entry = state.timeline.versions.get(entry_id)
            if entry is None or entry.status == "DELETED":
                raise NotFound(f"state: no entry {entry_id!r} that could be reviewed")
            return entry
        since = time - state.clock.span(state.clock.real(REVIEWED_SECONDS))
        known = [entry for entry in state.timeline.since(since) if entry.time <= time]
        unreported = state.edition >= UNREPORTED_SINCE
        if over and unreported:
            entry = next((one for one in reversed(state.timeline.standing) if one.review), None)
        else:
            entry = next((one for one in reversed(known) if one.title in titles), None)
        if entry is None and not (unreported and not over):
            raise NotFound("state: there is nothing that could be under review; name the entry")
        if entry is not None and unreported and not over and self._gone_on(entry, known):
            return None
        return entry

    def _gone_on(self, entry: Entry, known: list[Entry]) -> bool:
        """Return whether play has gone on since an entry: it is not reviewed any more then."""
        kinds = self._state.kinds
        return any(
            one.title in kinds
            and kinds[one.title].in_play
            and statements.resumes(entry.time, one.time)
            for one in known
        )

    def _after_outage(self, reporter: Participant, n: int, event: Happening) -> Claim:
        """Add a vote on the score with which the event goes on after an outage."""
        state, outage = self._state, self._state.outage
        details = event.details or {}
        if statements.SCORE.name not in details and event.title != "confirm":
            raise BadReport("state the score first: contact with the venue is just back")
        score = self._read(str(details.get("score", "")))
        # It is the score that is seen on return: not what is to come, nor one that was seen before
        # contact was lost once more and has been in an outbox since.
        time = event.time + reporter.clock_offset
        first = outage.spans[-1][1] if outage.spans else outage.since
        if first <= time < outage.until - self._inexact:
            raise BadReport("the score is one of before contact was back; look again")
        time = min(max(time, outage.until), self._now())
        until = state.now + self._ttl
        return cast(state, reporter, n, score_key(score), {}, time=time, until=until)

    def _now(self) -> int:
        now = self._state.clock.event_time(self._state.wall)
        return LATEST if now is None else now

    def _late(self, key: Key) -> Claim | None:
        """Return the claim that has just become the entry of what a statement says, or None."""
        state = self._state
        since = state.wall - round(state.clock.real(LATE_SECONDS) * 1_000_000)
        for claim in state.claims.correction_index(*key).near(0, 0):
            entry = state.timeline.versions.get(claim.entry_id) if claim.entry_id else None
            if entry is not None and entry.status != "DELETED" and entry.accepted >= since:
                return claim
        return None

    def restart(self) -> None:
        """Look at statements anew, as after a restart of the host: some may be waiting."""
        waiting = bool(self._state.claims.stated())
        self._look_at = self._state.now + self._quiet if waiting else None

    # ── what they lead to ────────────────────────────────────────────────────────────────────

    @staticmethod
    def is_review(claim: Claim) -> bool:
        """Return whether a claim states that an entry is under review, or no longer."""
        return claim.index.origin.startswith("review ")

    def may_stand(self, claim: Claim) -> bool:
        """Return whether a statement on which enough agree may come into force now.

        A score that is another one than that of the entries waits, and is to be looked at again,
        while something else is being reported.
        """
        if claim.index.title != "confirm":
            return True
        state = self._state
        last = max((one.until - self._ttl for one in self._actions(claim.time)), default=None)
        if last is None or last + self._quiet <= state.now:
            return True
        longest = claim.until - self._open + 3 * self._quiet
        if state.now >= longest:
            return True
        self._look_at = min(last + self._quiet, longest)
        return False

    def _actions(self, time: int) -> list[Claim]:
        """Return the open claims of what happened up to a time."""
        return [
            one
            for one in self._state.claims.open.values()
            if one.index.kind is not None and one.mean <= time
        ]

    def waiting(self, now: float) -> list[Claim]:
        """Return the statements that are to be looked at again now."""
        if self._look_at is None or now < self._look_at:
            return []
        self._look_at = None
        return self._state.claims.stated()

    def next_timer(self) -> float | None:
        """Return when statements are to be looked at again (monotonic seconds)."""
        return self._look_at

    def entry(self, claim: Claim, evidence: Evidence) -> Entry | None:
        """Return the entry of a statement on which enough agree; None where it changes nothing, or
        leaves no room for what it says."""
        state = self._state
        time, said = claim.agreed(state.roster.on_probation)
        stated = self._in_force(claim) if claim.index.title == "confirm" else {}
        if stated is None:
            return None
        reviews = claim.index.origin == statements.REVIEW.name
        review = str(said.get(statements.REASON.name, "")) or UNKNOWN if reviews else ""
        return Entry(
            event=state.card.event,
            epoch=0,
            seq=0,
            entry_id=str(claim.number),
            status="CONFIRMED",
            title=statements.TITLE,
            origin="",
            details=dict(said),
            time=time,
            first_reported=claim.received,
            accepted=state.wall,
            sent=state.wall,
            evidence=evidence,
            stated=stated,
            review=review[: limits.NAME_CHARS],
        )

    def reviewed(self, claim: Claim) -> Entry | None:
        """Return the entry whose review a claim states as it is then, without its evidence; None
        where it is gone, or nothing changes."""
        entry_id = claim.index.origin.partition(" ")[2]
        entry = self._state.timeline.versions[entry_id]
        said = claim.merged()
        begun = claim.index.key == "begun"
        review = str(said.get(statements.REASON.name, "")) or UNKNOWN
        if entry.status == "DELETED" or bool(entry.review) == begun:
            return None
        return self._with_review(entry, review) if begun else self._over(entry)

    def decided(self, entry: Entry) -> Entry | None:
        """Return the entry whose review is over since another one takes it back, or came to
        something else since that one is gone; or the review of what nobody reported, which came to
        this entry. None where there is none."""
        other = self._state.timeline.versions.get(entry.relates_to)
        if other is None:
            return self._come_to(entry)
        if other is None or other.status == "DELETED":
            return None
        if entry.status != "DELETED":
            return self._over(other) if other.review or other.reviewed == "untold" else None
        return self._over(other) if other.reviewed == "overturned" else None

    def untold(self, entry: Entry | None = None) -> list[Entry]:
        """Return the entries under review with the outcome that nobody told it, where it is over.

        Args:
            entry: what has been published; of the sport's restarts, it ends each earlier review.
                None: the event is over, which ends all.
        """
        sport = self._state.sport
        if not isinstance(sport, Reviews):
            return []
        if entry is not None and (
            entry.title not in sport.restarts or entry.status not in ("CONFIRMED", "UPDATED")
        ):
            return []
        return [
            self._with_review(one, "", "untold")
            for one in self._state.timeline.standing
            if one.review and (entry is None or one.time < entry.time)
        ]

    def _come_to(self, entry: Entry) -> Entry | None:
        """Return the open review of something that nobody reported with its outcome, where it came
        to a decision: a penalty, a sending-off."""
        sport = self._state.sport
        if not isinstance(sport, Reviews) or entry.title not in sport.reviewed:
            return None
        for one in reversed(self._state.timeline.alike(statements.TITLE, "")):
            if one.review and one.time <= entry.time:
                return self._with_review(one, "", "overturned")
        return None

    def _over(self, entry: Entry) -> Entry:
        gone = self._state.timeline.is_taken_back(entry)
        return self._with_review(entry, "", "overturned" if gone else "upheld")

    @staticmethod
    def _with_review(entry: Entry, review: str, reviewed: ReviewOutcome = "") -> Entry:
        # What still waits for more evidence goes on waiting.
        status: EntryStatus = "PROVISIONAL" if entry.status == "PROVISIONAL" else "UPDATED"
        review = review[: limits.NAME_CHARS]
        return replace(entry, status=status, review=review, reviewed=reviewed)

    def _in_force(self, claim: Claim) -> Score | None:
        """Return a stated score in full, as it would come into force; None where it holds already,
        or what came in since it was stated leaves no room for it."""
        state = self._state
        time, _ = claim.agreed(state.roster.on_probation)
        before = state.timeline.state_before(time, LAST)
        try:
            score = state.sport.score(state.sport.adopt(before, key_score(claim.index.key)))
        except SettingError:
            return None
        return None if score == state.sport.score(before) else score


def _check(state: EventState, action: Action) -> None:
    reason = statements.unfit(state.sport, state.origins, action)
    if reason is not None:
        raise BadReport(reason)


def score_key(score: Mapping[str, object]) -> Key:
    """Return the key of a stated score: equal scores have equal keys."""
    return ("confirm", "", msgspec.json.encode(score, order="deterministic").decode())


def key_score(key: str) -> Score:
    """Return the score that the third part of such a key names."""
    score: Score = msgspec.json.decode(key)
    return score
