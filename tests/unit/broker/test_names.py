from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.broker.names import fold, look_alike, looks, scripts, skeleton, written
from touchline.protocol.errors import BadMessage

NAMES = st.text(st.sampled_from("aIl1|mrnoO0 АННсо\u3164\u2800\u200c\ufe0fσςßİ❤ع"), max_size=8)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ann \u3000 Smith ", "Ann Smith"),
        ("O’Neill", "O’Neill"),
        ("Jose\u0301", "José"),
        ("ＡＮＮ", "ANN"),
        ("Ann\u3164\u034f", "Ann"),
        ("❤\ufe0f Ann", "❤ Ann"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("山田 Tarō", "山田 Tarō"),
        ("김민수 Kim", "김민수 Kim"),
        ("Аня (k3vq)", "Аня (k3vq)"),
    ],
)
def test_as_it_is_written(typed: str, kept: str) -> None:
    """A name is in NFKC, its spaces are tidied, what is invisible is gone."""
    assert written(typed, "k3vq-7m2p") == kept
    assert written(kept, "k3vq-7m2p") == kept


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "name is empty"),
        ("\u3164", "nothing in it can be seen"),
        ("x\x1b[2J", "not printable"),
        ("Аnn", "Cyrillic and Latin"),
        ("Аня (k3vx)", "Cyrillic and Latin"),
        ("ひらがな 한국", "Hangul and Hiragana"),
        ("a\u0640", "U\\+0640"),
        ("ﷺ" * 20, "360 characters, at most 200"),
    ],
)
def test_what_is_not_valid(name: str, sentence: str) -> None:
    """The sentence says what is wrong with a name."""
    with pytest.raises(BadMessage, match=sentence):
        written(name, "k3vq-7m2p")


@given(NAMES, NAMES)
def test_looks(one: str, other: str) -> None:
    """Every text has looks; what `fold` takes for one name, and what is removed, changes none."""
    assert look_alike(one, one)
    if fold(one) == fold(other):
        assert look_alike(one, other)
    assert look_alike(one, one + "\u3164")
    assert skeleton(skeleton(one)) == skeleton(one)
    try:
        kept = written(one)
    except BadMessage:
        return
    assert written(kept) == kept
    assert looks(kept) == looks(one)


def test_scripts() -> None:
    """Digits, spaces, symbols and accents are of every script."""
    assert scripts("Ann 1 ⚽\u0301 Ж") == {"LATIN", "CYRILLIC"}
