"""Organisers, their tokens, events and codes, and whom they have put out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from touchline.gateway.organising.organisers import TOKENS, Organiser, Organisers

WALL = 1_700_000_000_000_000

OLGA = Organiser("a", "peer-a", "Olga")


@pytest.fixture
def organisers(tmp_path: Path) -> Iterator[Organisers]:
    found = Organisers(tmp_path)
    found.keep(OLGA)
    yield found
    found.close()


def test_a_token_leads_to_its_organiser_until_it_ends(organisers: Organisers) -> None:
    """A token is valid until its end or a sign-out; no other text is one."""
    token, expires = organisers.grant(OLGA, WALL)
    assert organisers.find(token, WALL) == OLGA
    assert organisers.find(token + "x", WALL) is None
    assert organisers.find(token, expires) is None
    organisers.end(token)
    assert organisers.find(token, WALL) is None


def test_a_token_is_not_on_disk(organisers: Organisers, tmp_path: Path) -> None:
    """The files hold the hash alone: who reads them can't be the organiser."""
    token, _ = organisers.grant(OLGA, WALL)
    organisers.add("e", OLGA, "the-code", WALL, hosted=True)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert token.encode() not in kept
    assert b"the-code" not in kept


def test_tokens_of_an_organiser_are_bounded(organisers: Organisers) -> None:
    """One token too many ends the oldest."""
    found = [organisers.grant(OLGA, WALL + n)[0] for n in range(TOKENS + 1)]
    assert organisers.find(found[0], WALL) is None
    assert all(organisers.find(token, WALL) for token in found[1:])


def test_a_key_is_one_organiser(organisers: Organisers) -> None:
    """Who brings a key that is here is the organiser of before."""
    assert organisers.keep(Organiser("b", "peer-a", "Other")) == OLGA


def test_a_code_opens_its_own_event(organisers: Organisers) -> None:
    """An event with a code takes that one; another event takes none."""
    organisers.add("coded", OLGA, "right", WALL, hosted=False)
    organisers.add("open", OLGA, "", WALL + 1, hosted=True)
    assert organisers.takes_code("coded")
    assert organisers.opens("coded", "right")
    assert not organisers.opens("coded", "wrong")
    assert not organisers.takes_code("open")
    assert not organisers.takes_code("unknown")
    assert not organisers.opens("open", "")
    assert organisers.events(OLGA, 10) == ["open", "coded"]
    assert organisers.hosted(WALL) == ["open"]


def test_who_is_put_out_is_so_in_one_event(organisers: Organisers) -> None:
    """A device is barred from the event alone, and stays so."""
    organisers.bar("e", "key")
    organisers.bar("e", "key")
    assert organisers.is_barred("e", "key")
    assert not organisers.is_barred("other", "key")
