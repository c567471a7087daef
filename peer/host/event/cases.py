"""What the verdict is asked about a claim, put together from what is on record. Pure.

Times are those of the turns in the journal, so that a verdict can be recomputed from it.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import NamedTuple

from ....protocol.times import SECOND
from ....sports.sport import Weight
from . import evidence
from .claims import Claim
from .enrolment_bursts import OTHERS, together
from .questions import ANSWER_SECONDS
from .reputations import Reputations
from .state import EventState
from .suspicion import suspected, voices_alike
from .thumbs import middle
from .verdict import likelihood
from .verdict.case import TENTH, Case, Standing

THUMB = 2 * SECOND
"""Microseconds: half of those who tap have done so by then."""


LAST_WORD_SINCE = 4
"""The edition of the rules, see `records.EDITION`, since which the last word counts of those that
said two things that exclude each other within a moment; before, neither did."""


ALIKE_SINCE = 6
"""The edition since which who told the same some time apart is not silent about it, see
`suspicion`; before, of a goal that two told at once and two others half a minute later nothing was
left."""


class Weighed(NamedTuple):
    """What is known of a claim, reporter by reporter: bits of their numbers.

    `own`, `other`: said it, and what excludes it, by themselves. `yes`, `no`: answered. `silent`:
    take part and said nothing. `excused`: said nothing that counts, and their silence counts for
    nothing either. `active`: all of these that take part. `waiting`: how many were asked a moment
    ago. `rival`: the likelihood of the best entry that excludes it. Ages are in tenths of a second.
    `together`: those who enrolled in one burst with all who said it, themselves among them; 0:
    these did not.
    """

    own: int
    other: int
    yes: int
    no: int
    silent: int
    excused: int
    active: int
    waiting: int
    rival: int | None
    age: int
    silence: int
    asked: int | None
    together: int = 0


def of(state: EventState, claim: Claim, active: int, left_out: int = 0) -> Case:
    """Return what is known of a claim of an action.

    Args:
        state: of the event.
        claim: the claim.
        active: the bits of the reporters that take part, see `Activity`.
        left_out: the bits of those whose votes for it do not count, nor their silence.
    """
    return _case(state, claim, known_of(state, claim, active, left_out))


def known_of(state: EventState, claim: Claim, active: int, left_out: int = 0) -> Weighed:
    """Return what is known of a claim of an action, reporter by reporter; see `of`."""
    rivals = evidence.rivals(state, claim)
    best = None
    for rival in rivals:
        if rival.standing in ("PROVISIONAL", "CONFIRMED"):
            known = _known(state, rival, active, 0, [claim], None)
            said = likelihood.of(_case(state, rival, known))
            best = said if best is None else max(best, said)
    return _known(state, claim, active, left_out, rivals, best)


def case_of(known: Weighed, reputations: Reputations, weight: Weight, standing: Standing) -> Case:
    """Return what the verdict is asked, from what is known reporter by reporter."""
    records, one, group = reputations.records(weight), reputations.one_voice, likelihood.group
    own, other, yes = known.own, known.other, known.yes
    unsure = own & other if other else 0
    joined = 0
    if (known.active & ~known.together).bit_count() >= OTHERS and known.together:
        speakers = (own & ~unsure) | yes
        joined = speakers.bit_count()
        voice = speakers & -speakers
        own, yes = own & (voice | unsure), yes & voice
    return Case(
        weight=weight,
        standing=standing,
        age=known.age,
        silence=known.silence,
        votes=group(records, one(own & ~unsure)),
        # Of most claims nobody says more.
        yes=group(records, one(yes)) if yes else {},
        no=group(records, known.no) if known.no else {},
        rival_votes=group(records, one(other & ~unsure)) if other else {},
        silent=group(records, known.silent) if known.silent else {},
        excused=(known.excused | unsure).bit_count(),
        active=known.active.bit_count(),
        rival=known.rival,
        asked=known.asked,
        waiting=known.waiting,
        together=joined,
    )


def speakers_for(known: Weighed) -> int:
    """Return the bits of the reporters that speak for a claim: by themselves or when asked, and
    not for something else as well."""
    return (known.own & ~known.other) | known.yes


def _case(state: EventState, claim: Claim, known: Weighed) -> Case:
    return case_of(known, state.reputations, claim.weight, claim.standing)


def _known(
    state: EventState,
    claim: Claim,
    active: int,
    left_out: int,
    rivals: list[Claim],
    best: int | None,
) -> Weighed:
    count = ~state.roster.on_probation
    # Those who left when they had had the time to speak of it are silent still.
    if state.departures.any:
        active |= state.departures.silent_about(claim.received) & count
    yes, no = claim.yes & count, claim.no & count
    answered = yes | no
    own = claim.independent & ~(answered | left_out) & count
    other = 0
    if rivals:
        other = reduce(or_, (rival.independent | rival.yes for rival in rivals), 0)
        other &= ~answered & count
        if unsure := own & other:
            if state.policy.learns:
                apart = _apart(claim, rivals, unsure)
                unsure &= ~apart if state.edition >= LAST_WORD_SINCE else 0
                first, last = _changed(claim, rivals, unsure)
                own &= ~first
                other &= ~(apart | last)
            else:
                other &= ~unsure
    active |= own | other | answered
    left_out &= active & ~(other | answered)
    silent = active & ~(own | other | answered | left_out)
    excused = claim.dependent & silent
    alike = state.policy.learns and state.edition >= ALIKE_SINCE
    if alike and suspected(claim.weight, state.edition):
        excused |= voices_alike(claim) & silent
    waiting = questioned = 0
    if claim.asked:
        ever = state.activity.ever()
        for voter, asked in claim.asked.items():
            bit = 1 << voter
            questioned |= bit
            if not bit & silent:
                continue
            if state.clock.elapsed(asked, state.wall) < ANSWER_SECONDS * SECOND:
                waiting += 1
            elif not bit & ever:
                active &= ~bit
                silent &= ~bit
            elif answered:
                excused |= bit
    age = state.clock.elapsed(claim.received, state.wall)
    asked_at = None
    if questioned & ~(own | other):
        asked_at = _tenths(state.clock.elapsed(claim.received, claim.asked_round))
    speakers = own | yes
    return Weighed(
        own, other, yes, no, silent & ~excused, excused & silent | left_out, active, waiting, best,
        age=_tenths(age),
        silence=_tenths(max(age, _since(state, claim, age))),
        asked=asked_at,
        # A verdict that only counts heads counts keys.
        together=together(state.roster.reporters, speakers, active) if state.policy.learns else 0,
    )  # fmt: skip


def _apart(claim: Claim, rivals: list[Claim], unsure: int) -> int:
    """Return the bits of those who said the one and, some time later, the other: they mean both."""
    reach = claim.index.window // 2
    bits = 0
    for voter in range(unsure.bit_length()):
        bit = 1 << voter
        if unsure & bit:
            (own,) = claim.times_of(bit)
            others = [
                time for rival in rivals for time in rival.times_of(bit) if rival.voters & bit
            ]
            if others and all(abs(time - own) > reach for time in others):
                bits |= bit
    return bits


def _changed(claim: Claim, rivals: list[Claim], unsure: int) -> tuple[int, int]:
    """Return the bits of those who thought better of it: who said it first and then what excludes
    it, and who said it last. Their last word counts."""
    first = last = 0
    for voter in range(unsure.bit_length()):
        bit = 1 << voter
        if unsure & bit:
            if any(rival.yes & bit for rival in rivals):
                continue  # who was asked about the other as well counts for neither
            own, time = claim.vote_of(voter)
            said = [rival.vote_of(voter) for rival in rivals if rival.independent & bit]
            # Of several, the one whose time is nearest: that one a proof holds.
            _, other = min((abs(at - time), n) for n, at in said)
            if own < other:
                first |= bit
            else:
                last |= bit
    return first, last


def _since(state: EventState, claim: Claim, age: int) -> int:
    """Return how long ago (microseconds) what a claim says seems to have happened: the first
    reporter may have been quick. It is not the time that was stated, which may be long past where
    reports waited in an outbox: so could those of others."""
    now = state.clock.event_time(state.wall)
    times = claim.in_order(claim.independent & ~claim.exact)
    if now is None or not times:
        return age + THUMB
    return min(now - middle(times), age) + THUMB


def _tenths(micros: int) -> int:
    return max(0, (micros + TENTH // 2) // TENTH)
