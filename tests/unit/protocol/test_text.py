from __future__ import annotations

import json
import unicodedata
from html import escape
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.protocol.errors import BadMessage, BadReport
from touchline.protocol.text import check_texts, clean, invisible, json_line, plain, visible

TEXTS = st.text(st.sampled_from("a \u00a0ا\u0915\u094d❤#\u20e3\u200c\u200d\ufe0f\u3164\u2800\x1b"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a  b ", "a b"),
        ("\u2800a\u2800\u3000b", "a b"),
        ("a\u3164\u034f\u200b\u2060\ufeff\u00ad\u202eb", "ab"),
        ("❤\ufe0f #\ufe0f\u20e3 a\ufe0f \ufe0f", "❤\ufe0f #\ufe0f\u20e3 a"),
        ("\u0915\u094d\u200d\u0937 a\u200db", "\u0915\u094d\u200d\u0937 ab"),
        ("می\u200cخواهم \u200c", "می\u200cخواهم"),
        ("می\u3164\u200cخواهم", "می\u200cخواهم"),
        ("\U0001f3f4\U000e0067\U000e007f", "\U0001f3f4"),
    ],
)
def test_visible(text: str, kept: str) -> None:
    """What shows nothing is removed, but for joiners and emoji styles in their places."""
    assert visible(text) == kept


@given(TEXTS | st.text())
def test_visible_once(text: str) -> None:
    """What is left has nothing more to remove."""
    kept = visible(text)
    assert visible(kept) == kept
    assert not {char for char in kept if invisible(char)} - set("\u200c\u200d\ufe0f")
    assert kept == kept.strip(" ")
    assert "\u2800" not in kept


def test_clean() -> None:
    """A text without anything to see is refused, and one that a terminal would obey."""
    assert clean("title", " می\u200cخواهم ") == "می\u200cخواهم"
    for text in ("", " ", "\u3164", "\u2800\u034f"):
        with pytest.raises(BadMessage, match="title is empty"):
            clean("title", text)
    for text in ("a\x1b[2J", "a\nb", "a\x9bb", "a\ud800", "a\u2028b"):
        with pytest.raises(BadMessage, match="title holds"):
            clean("title", text)


@given(st.text())
def test_plain(text: str) -> None:
    """A text that is shown holds no control character, and is as long as it was."""
    shown = plain(text)
    assert len(shown) == len(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert plain("علی\u200cرضا\x1b\u202e") == "علی\u200cرضا��"


def test_plain_is_for_xml() -> None:
    """Whatever a host says, feeds and pictures that show it are XML."""
    said = "".join(map(chr, range(0x11_0000)))
    ElementTree.fromstring(f"<a>{escape(plain(said))}</a>")


@given(st.text())
def test_json_line(text: str) -> None:
    """JSON that a terminal shows holds no character that it would obey, and means the same."""
    text += "\x9b31m\x7f\u202e\U000e0001é"
    made = json_line(json.dumps({"text": text}, ensure_ascii=False).encode("utf-8"))
    assert plain(made.decode()) == made.decode()
    assert json.loads(made) == {"text": text}


def test_check_texts() -> None:
    """Details have texts in which something can be seen, or none; numbers are no texts."""
    check_texts({"player": "Ann", "note": "", "n": 0, "yes": False})
    with pytest.raises(BadReport, match="player: nothing in the text can be seen"):
        check_texts({"note": "x", "player": "\u3164"})
