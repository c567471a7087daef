"""Codes by which a person goes on reporting on a second device."""

from __future__ import annotations

import pytest

from touchline.gateway.reporting.pairing import CODE_LETTERS, LETTERS, PAIR_SECONDS, PairingCodes
from touchline.protocol.errors import BadInvite


@pytest.fixture
def codes() -> PairingCodes:
    return PairingCodes()


def test_a_code_is_good_once(codes: PairingCodes) -> None:
    """A code leads to its session, however it is typed, and to nobody after that."""
    code = codes.offer("ann", "e", 0.0).code
    assert codes.take(f" {code.upper().replace('-', ' ')} ", "e", 1.0) == "ann"
    with pytest.raises(BadInvite, match="no longer"):
        codes.take(code, "e", 1.0)


def test_a_code_is_good_for_a_short_time(codes: PairingCodes) -> None:
    """After two minutes a code leads nowhere, and the next one is another."""
    first = codes.offer("ann", "e", 0.0)
    assert codes.offer("ann", "e", PAIR_SECONDS - 1) == first
    assert codes.find("ann", PAIR_SECONDS) is None
    with pytest.raises(BadInvite):
        codes.take(first.code, "e", PAIR_SECONDS)
    second = codes.offer("ann", "e", PAIR_SECONDS)
    assert second.code != first.code
    assert codes.take(second.code, "e", PAIR_SECONDS + 1) == "ann"


def test_a_code_is_of_one_event(codes: PairingCodes) -> None:
    """In another event a code leads nowhere, and is not used up there."""
    code = codes.offer("ann", "e", 0.0).code
    with pytest.raises(BadInvite):
        codes.take(code, "f", 1.0)
    assert codes.take(code, "e", 1.0) == "ann"


def test_nothing_is_no_code(codes: PairingCodes) -> None:
    """What has no letter of a code leads to nobody."""
    codes.offer("ann", "e", 0.0)
    for wrong in ("", "-", "\ud800", "ann"):
        with pytest.raises(BadInvite):
            codes.take(wrong, "e", 1.0)


def test_codes_cannot_be_guessed() -> None:
    """Codes are of letters by chance, of which no two look alike."""
    assert len(LETTERS) ** CODE_LETTERS > 2**39
    assert not set("01ilo") & set(LETTERS)
    found = {PairingCodes().offer("ann", "e", 0.0).code for _ in range(50)}
    assert len(found) == 50
