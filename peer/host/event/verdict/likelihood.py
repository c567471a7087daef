"""How much a voice or a silence says, as thousandths of a natural logarithm. Pure, integers only.

A reporter of record (c, f) reports what happens with probability c, and what does not with f: so a
report multiplies the odds by c/f. Silence says more as time goes by: after `a` seconds a reporter
that would speak has done so with probability F(a), and the odds are multiplied by
(1 - c F(a)) / (1 - f F(a)).

Everything is an integer, logarithms included, so that the same votes give the same verdict on every
machine and every version of Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from functools import cache

from .case import PRIOR, Case, Record

THUMBS = (
    0, 0, 0, 1, 4, 10, 22, 40, 63, 92, 124, 160, 197, 236, 276, 316, 355, 393, 430, 466, 500, 532,
    563, 592, 619, 645, 669, 692, 713, 732, 750, 767, 783, 798, 812, 825, 836, 847, 858, 867, 876,
    884, 892, 899, 906, 912, 917, 923, 928, 932, 937, 941, 944, 948, 951, 954, 957, 960, 962, 964,
    966, 968, 970, 972, 974, 975, 977, 978, 979, 980, 982, 983, 984, 985, 985, 986, 987, 988, 988,
    989, 990, 990, 991, 991, 992, 992, 992, 993, 993, 994, 994, 994, 995, 995, 995, 995, 996, 996,
    996, 996, 996, 997, 997, 997, 997, 997, 997, 997, 998, 998, 998, 998, 998, 998, 998, 998, 998,
    998, 998, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999, 999,
    999, 999, 999, 999, 999, 999, 999, 999, 999, 1000,
)  # fmt: skip
"""F: by tenths of a second, how many of 1,000 have spoken by then: log-normal, with a median of 2 s
and a sigma of 0.6, so that 95 % have within 5.4 s."""

ANSWER = 2500
"""What a yes or a no to a question says: more than a report, since it was thought about."""

ANSWER_BONUS = 500
"""A yes says at most so much more than a report of the same person."""

_PRECISE = Context(prec=12)


@cache
def ln(number: int) -> int:
    """Return the natural logarithm of a positive integer in thousandths."""
    # Decimal rounds a logarithm correctly, by its specification; a C library need not.
    return int((Decimal(number).ln(_PRECISE) * 1000).to_integral_value())


@cache
def voice(record: Record) -> int:
    """Return what a report of somebody with this record says."""
    return ln(record.c) - ln(record.f)


@cache
def answer(record: Record) -> int:
    """Return what a yes of somebody with this record says; a no says the same against it."""
    return min(ANSWER, voice(record) + ANSWER_BONUS)


@cache
def silence(record: Record, tenths: int) -> int:
    """Return what the silence of somebody with this record says, which is less than nothing.

    Args:
        record: the reporter's.
        tenths: of a second, for which the reporter could have spoken; not negative.
    """
    spoken = THUMBS[min(tenths, len(THUMBS) - 1)]
    return ln(1_000_000 - record.c * spoken) - ln(1_000_000 - record.f * spoken)


def of(case: Case) -> int:
    """Return what all that is known of a claim says together."""
    tenths = min(case.silence, len(THUMBS) - 1)
    said = 0
    for record, count in case.votes.items():
        said += count * voice(record)
    for record, count in case.rival_votes.items():
        said -= count * voice(record)
    for record, count in case.yes.items():
        said += count * answer(record)
    for record, count in case.no.items():
        said -= count * answer(record)
    for record, count in case.silent.items():
        said += count * silence(record, tenths)
    return said


def group(records: Mapping[int, Record], bits: int) -> dict[Record, int]:
    """Return how many reporters there are of each record.

    Args:
        records: by a reporter's number; those that are not there have the prior.
        bits: bit i is set for reporter i.
    """
    if not records:
        return {PRIOR: bits.bit_count()} if bits else {}
    found: dict[Record, int] = {}
    while bits:
        lowest = bits & -bits
        record = records.get(lowest.bit_length() - 1, PRIOR)
        found[record] = found.get(record, 0) + 1
        bits ^= lowest
    return found
