"""Answers that are compressed, and not sent again to a browser that has them.

Only what everybody may read is compressed: of a secret beside words that a stranger chose, the
length would tell (the BREACH attack). Tested in `tests/unit/gateway/test_compression.py`.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

LEAST_BYTES = 512
"""Smaller bodies are sent as they are: nothing would be won."""

QUICK = {"br": 4, "gzip": 6}
"""The levels for what is made for each request."""

THOROUGH = {"br": 11, "gzip": 9}
"""The levels for what is made once."""

PLAIN = ("image/png",)
"""Content types that are compressed already."""


def _encoders() -> dict[str, Callable[[bytes, int], bytes]]:
    """Return what compresses, the best first; Brotli is an extra."""
    found: dict[str, Callable[[bytes, int], bytes]] = {}
    try:
        import brotli
    except ImportError:
        pass
    else:
        found["br"] = lambda body, level: bytes(brotli.compress(body, quality=level))
    found["gzip"] = lambda body, level: gzip.compress(body, level, mtime=0)
    return found


ENCODERS = _encoders()


class Compressed:
    """A body that is sent again and again; each encoding of it is made once.

    Args:
        body: the bytes.
        levels: by encoding.
    """

    def __init__(self, body: bytes, levels: Mapping[str, int] = THOROUGH) -> None:
        self.body = body
        self.etag = f'"{sha256(body).hexdigest()[:32]}"'
        self._levels = levels
        self._made: dict[str, bytes] = {}

    def response(
        self, request: Request, kind: str, headers: Mapping[str, str], status: int = 200
    ) -> Response:
        """Return the answer to a request: 304 where the browser has the body.

        Args:
            request: with `If-None-Match` and `Accept-Encoding`.
            kind: the content type.
            headers: further ones.
            status: of an answer with the body.
        """
        varies = ", ".join(filter(None, (headers.get("vary"), "accept-encoding")))
        sent = {**headers, "etag": self.etag, "vary": varies}
        if status == 200 and has_already(request.headers.get("if-none-match", ""), self.etag):
            return Response(status_code=304, headers=sent)
        coding = self._coding(request, kind)
        if coding:
            sent["content-encoding"] = coding
        return Response(self._as(coding), status, sent, kind)

    def _coding(self, request: Request, kind: str) -> str:
        if len(self.body) < LEAST_BYTES or kind in PLAIN:
            return ""
        return accepted(request.headers.get("accept-encoding", ""))

    def _as(self, coding: str) -> bytes:
        if not coding:
            return self.body
        if coding not in self._made:
            self._made[coding] = ENCODERS[coding](self.body, self._levels[coding])
        return self._made[coding]


def public(
    request: Request, body: bytes, kind: str, headers: Mapping[str, str], status: int = 200
) -> Response:
    """Return an answer that everybody may read, made for this request.

    Args:
        request: which asks for it.
        body: the bytes.
        kind: the content type.
        headers: further ones.
        status: of the answer.
    """
    return Compressed(body, QUICK).response(request, kind, headers, status)


def accepted(header: str) -> str:
    """Return the best encoding that an `Accept-Encoding` allows; empty for none."""
    allowed: dict[str, bool] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        refused = any(each.replace(" ", "") in {"q=0", "q=0.0", "q=0.00"} for each in parameters)
        allowed[name] = not refused
    for name in ENCODERS:
        if allowed.get(name, allowed.get("*", False)):
            return name
    return ""


def has_already(header: str, etag: str) -> bool:
    """Return whether an `If-None-Match` names what would be sent (RFC 9110, 13.1.2)."""
    known = (each.strip().removeprefix("W/") for each in header.split(","))
    return any(each in {"*", etag} for each in known)
