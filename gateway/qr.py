"""Links as QR codes."""

from __future__ import annotations

import io
from importlib import import_module

from ..protocol.errors import NotFound


def drawn(text: str) -> bytes:
    """Return a text as a QR code, as SVG.

    Raises:
        NotFound: the library that draws it is not installed.
    """
    try:
        segno = import_module("segno")
    except ModuleNotFoundError:
        raise NotFound("segno is not installed; install touchline[qr]") from None
    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        image, kind="svg", border=3, light="#fff", omitsize=True
    )
    return image.getvalue()
