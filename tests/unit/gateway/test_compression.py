"""Answers that are compressed, and not sent again to a browser that has them."""

from __future__ import annotations

import gzip

import pytest
from starlette.requests import Request

from touchline.gateway import compression
from touchline.gateway.compression import Compressed, accepted, has_already, public

BODY = b"What everybody may read. " * 100


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": named})


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip, deflate", "gzip"),
        ("gzip;q=1.0, *;q=0", "gzip"),
        ("GZIP", "gzip"),
        ("gzip;q=0", ""),
        ("zstd", ""),
    ],
)
def test_what_a_client_takes(header: str, coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoding is used where the client names it and does not refuse it."""
    monkeypatch.setattr(compression, "ENCODERS", {"gzip": compression.ENCODERS["gzip"]})
    assert accepted(header) == coding


def test_brotli_is_taken_first() -> None:
    """Where the extra is installed, and the client takes both, it is Brotli."""
    brotli = pytest.importorskip("brotli", reason="the extra brotli is not installed")
    assert accepted("gzip, deflate, br") == "br"
    answer = public(request(accept_encoding="gzip, br"), BODY, "text/plain", {})
    assert brotli.decompress(answer.body) == BODY


def test_an_answer_is_compressed() -> None:
    """A client that takes gzip gets it, and a cache is told what the answer depends on."""
    answer = public(request(accept_encoding="gzip"), BODY, "text/plain", {})
    assert gzip.decompress(answer.body) == BODY
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "accept-encoding"
    assert len(answer.body) == int(answer.headers["content-length"]) < len(BODY)


def test_what_is_small_or_a_picture_is_left_alone() -> None:
    """Nothing would be won."""
    for body, kind in ((b"few", "text/plain"), (BODY, "image/png")):
        answer = public(request(accept_encoding="gzip"), body, kind, {})
        assert answer.body == body
        assert "content-encoding" not in answer.headers


def test_a_browser_that_has_it_is_told_so() -> None:
    """An answer to a tag that still holds has no body; another tag gets the body."""
    first = public(request(), BODY, "text/plain", {})
    again = public(request(if_none_match=first.headers["etag"]), BODY, "text/plain", {})
    assert (again.status_code, again.body) == (304, b"")
    changed = public(request(if_none_match=first.headers["etag"]), BODY + b"!", "text/plain", {})
    assert changed.status_code == 200


def test_an_error_is_never_left_out() -> None:
    """A page that is not there is not there for those who have seen that before, either."""
    tag = Compressed(BODY).etag
    answer = Compressed(BODY).response(request(if_none_match=tag), "text/html", {}, 404)
    assert (answer.status_code, answer.body) == (404, BODY)


@pytest.mark.parametrize(
    ("header", "known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ("", False)],
)
def test_tags_are_compared_weakly(header: str, known: bool) -> None:
    """As RFC 9110 has it for If-None-Match."""
    assert has_already(header, '"a"') is known
