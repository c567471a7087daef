from __future__ import annotations

import os

import pytest

from touchline.broker.event_ids import event_id, slug


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Argentina – France", "argentina-france"),
        ("São Paulo v. Köln!", "sao-paulo-v-koln"),
        ("Ærø v. L’Aquila", "aero-v-laquila"),
        ("الأرجنتين – فرنسا", "lrjntyn-frns"),
        ("Спартак – Зенит", "spartak-zenit"),
        ("日本", "riben"),
        ("⚽ ← 👩‍🦰", "event"),
        ("  ", "event"),
        ("one two three four", "one-two"),
        ("abcdefghijklmnop", "abcdefghij"),
        ("abcdefghij klm", "abcdefghij"),
    ],
)
def test_slug(title: str, expected: str) -> None:
    """A slug is lower-case ASCII words, as they sound, cut between words where that is possible."""
    assert slug(title, 10 if len(expected) <= 10 else 60) == expected


def test_event_id() -> None:
    """An event id is the slug and 4 random characters, at most 64 in all."""
    assert event_id("Final", lambda n: bytes([0, 1, 31, 32])[:n]) == "final-ab9a"
    assert len(event_id("x" * 200, os.urandom)) == 64
    assert len({event_id("Final", os.urandom) for _ in range(100)}) > 90
