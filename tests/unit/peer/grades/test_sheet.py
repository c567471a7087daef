"""A sheet: written in one way, signed by its grader, and nothing of it can be changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer.grades.sheet import (
    GradeCounts,
    GradeSheet,
    SharedError,
    decode,
    encode,
    signed,
)
from touchline.protocol.errors import BadMessage, BadSignature, PeerError, WrongVersion

from .making import BEGIN, grade, header, identity, key, sheet

WHOLE = sheet(
    grade("ann", (3, 1, 0, 1), (20, 5, 1, 3)),
    grade("bob", (0, 4, 0, 0)),
    grade("cid", (1, 0, 0, 0)),
    shared=[(["bob", "cid"], ["ann", "bob", "cid"]), (["bob", "cid"], ["bob", "cid"])],
)


def resigned(changed: GradeSheet) -> bytes:
    return encode(signed(replace(changed, signature=b""), identity("umpire")))


def test_written_and_read() -> None:
    """What was written is read, and written again the same."""
    text = encode(WHOLE)
    assert decode(text) == WHOLE
    assert encode(decode(text)) == text


def test_lines() -> None:
    """A sheet is JSON lines: a header, the grades in the order of the keys, what is shared, a
    seal."""
    lines = [json.loads(line) for line in encode(WHOLE).splitlines()]
    assert [line["type"] for line in lines] == ["sheet", *["grade"] * 3, *["shared"] * 2, "seal"]
    ann = next(line for line in lines if line.get("name") == "ann")
    assert ann["decides"] == {"hits": 3, "misses": 1, "false_claims": 0, "declined": 2}


def test_each_byte_counts() -> None:
    """A file in which any byte was changed is refused."""
    text = encode(WHOLE)
    for place in range(len(text)):
        changed = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        with pytest.raises(PeerError):
            decode(changed)


def test_cut_anywhere() -> None:
    """A file that was cut is refused, wherever that is."""
    text = encode(WHOLE)
    for end in range(len(text)):
        with pytest.raises(PeerError):
            decode(text[:end])


@pytest.mark.parametrize("extra", [b"\n", b"{}\n", b" ", b'{"type":"seal"}\n'])
def test_more_behind_it(extra: bytes) -> None:
    """Nothing may follow the seal."""
    with pytest.raises(PeerError):
        decode(encode(WHOLE) + extra)


def test_written_otherwise() -> None:
    """The same values with other blanks, or an unknown field, are another file, and refused."""
    text = encode(WHOLE)
    with pytest.raises(BadMessage, match="not written as sheets are"):
        decode(text.replace(b'"event":"e"', b'"event": "e"'))
    with pytest.raises(BadMessage, match="not written as sheets are"):
        decode(text.replace(b'"event":"e"', b'"event":"e","more":1'))


def test_forged() -> None:
    """A sheet that somebody else signed in the grader's name is refused, and so is one whose
    grader was replaced."""
    forged = replace(WHOLE, signature=identity("mallory").sign(b"?"))
    with pytest.raises(BadSignature, match=identity("umpire").peer):
        decode(encode(forged))
    other = replace(WHOLE, header=replace(WHOLE.header, grader=key("mallory")))
    with pytest.raises(BadSignature):
        decode(encode(other))


def test_signature_is_good_for_one_thing() -> None:
    """A signature over the digest alone is not one over a sheet."""
    bare = replace(WHOLE, signature=identity("umpire").sign(WHOLE.digest))
    with pytest.raises(BadSignature):
        decode(encode(bare))


def test_signed_by_the_grader_alone() -> None:
    """To sign a sheet that names another grader is a mistake of ours."""
    with pytest.raises(AssertionError):
        signed(WHOLE, identity("mallory"))


def test_of_another_version() -> None:
    """A sheet of a later version is told apart from a broken one."""
    later = replace(WHOLE, header=replace(WHOLE.header, version=2))
    with pytest.raises(WrongVersion, match="version 2, this reads 1"):
        decode(resigned(later))


def shared(said: tuple[int, ...], there: tuple[int, ...]) -> SharedError:
    return SharedError("goal", "A", BEGIN, said, there)


@pytest.mark.parametrize(
    "changes",
    [
        {"grades": WHOLE.grades[::-1]},
        {"grades": WHOLE.grades[:1] * 2},
        {"shared": (shared((0,), (0, 1)),)},
        {"shared": (shared((0, 0), (0, 1)),)},
        {"shared": (shared((1, 0), (0, 1)),)},
        {"shared": (shared((0, 1), (0, 0, 1)),)},
        {"shared": (shared((0, 2), (0, 1)),)},
        {"shared": (shared((0, 3), (0, 3)),)},
        {"grades": tuple(replace(one, decides=GradeCounts()) for one in WHOLE.grades)},
        {"header": header(covers=("goal", "corner"))},
        {"header": header(covers=("goal", "goal"))},
    ],
)
def test_what_does_not_fit(changes: dict[str, Any]) -> None:
    """A signed sheet whose lines do not fit together is refused, whoever signed it."""
    with pytest.raises(BadMessage):
        decode(resigned(replace(WHOLE, **changes)))


@pytest.mark.parametrize("count", [-1, 1_000_001])
def test_counts_have_bounds(count: int) -> None:
    """A count below none or beyond any match is refused."""
    one = replace(WHOLE.grades[0], rest=GradeCounts(hits=count))
    with pytest.raises(BadMessage):
        decode(resigned(replace(WHOLE, grades=(one, *WHOLE.grades[1:]))))


def test_digest_names_what_is_said() -> None:
    """The digest is that of all lines but the seal."""
    assert WHOLE.digest == replace(WHOLE, signature=b"?").digest
    assert len(WHOLE.digest) == 32
    assert WHOLE.digest != sheet(grade("ann")).digest


@pytest.mark.parametrize("text", [b"", b"\n", b"[]\n", b"{}\n", b"\xff\n", b'{"type":"seal"}\n'])
def test_no_sheet(text: bytes) -> None:
    """What is no sheet at all is refused with a sentence."""
    with pytest.raises(BadMessage):
        decode(text)
