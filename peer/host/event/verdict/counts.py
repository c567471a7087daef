"""How policies that only count judge a claim. Pure."""

from __future__ import annotations

from collections.abc import Callable

from . import likelihood
from .case import Case, Judgement


def judge(case: Case, accept: Callable[[int, int, int], bool]) -> Judgement:
    """Return how a claim stands by a count of heads.

    Args:
        case: what is known of it.
        accept: accept(for, against, present): whether enough agree.
    """
    said = likelihood.of(case)
    for_, against = case.for_, case.against
    if case.standing == "CONFIRMED":
        outdone = case.rival is not None and against > for_ and accept(against, for_, case.active)
        return Judgement("DELETED" if outdone else "CONFIRMED", said)
    if case.standing == "PROVISIONAL":  # one was enough; a second confirms
        confirmed = for_ >= 2 and for_ > against
        return Judgement("CONFIRMED" if confirmed else "PROVISIONAL", said, look_at=for_ + 1)
    if accept(for_, against, case.active):
        return Judgement("CONFIRMED" if for_ > 1 else "PROVISIONAL", said, look_at=for_ + 1)
    return Judgement(case.standing, said, look_at=for_ + 1)
