"""How a vote on what is there, or on a statement, finds its claim. Pure."""

from __future__ import annotations

from ....protocol.errors import BadReport
from ....protocol.messages import Detail
from .claims import Claim
from .details import DetailRules
from .participant import Participant
from .state import EventState

Key = tuple[str, ...]
"""The word, what it is about, such as an entry's id, and what it says of it."""


def cast(
    state: EventState,
    reporter: Participant,
    n: int,
    key: Key,
    details: dict[str, Detail],
    *,
    time: int = 0,
    until: float,
    rules: DetailRules | None = None,
) -> Claim:
    """Add a vote to the claim of its key; return the claim.

    Args:
        state: of the event.
        reporter, n: who votes, by which report.
        key: of the claim.
        details: what the vote says.
        time: event time that it states, microseconds.
        until: monotonic seconds at which the claim expires without a further vote.
        rules: how details are compared; None where they are not.

    Raises:
        BadReport: the reporter has voted for that already.
    """
    index = state.claims.correction_index(*key, rules=rules)
    # One is open at any time; of statements those that have become entries are there as well.
    claim = next((one for one in index.near(0, 0) if one.number in state.claims.open), None)
    if claim is not None and claim.voters & reporter.bit:
        raise BadReport("you have voted for that already")
    if claim is None:
        claim = state.claims.start(index, time, (), state.wall, until, reporter.voter)
    claim.add_vote(reporter.voter, reporter.bit, n, time, details)
    claim.until = until
    return claim


def change_mind(state: EventState, reporter: Participant, others: list[Claim], but: Key) -> None:
    """Take a reporter's votes out of claims that can't be true with the one that it speaks for now.

    Args:
        state: of the event; the claims are to be decided anew.
        reporter: who thinks otherwise now.
        others: open claims on the same question.
        but: the key of the one that it speaks for.
    """
    for other in others:
        if other.index.key != but[2] and other.voters & reporter.bit:
            other.withdraw(reporter.voter, reporter.bit)
            state.re_evaluate.append(other)
