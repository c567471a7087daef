"""The language of a request: by its query, a cookie, or what the browser prefers.

Pages speak it; the interface for programs is English, and says names of actions and how a sport is
shown in another language where the query asks for one.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from starlette.requests import HTTPConnection

from ..runtime.languages import LANGUAGES, SOURCE, current, from_header, known, speak, tr

COOKIE = "touchline_lang"

PARAMETER = "lang"

YEAR = 31_536_000
"""Seconds for which a browser keeps the choice."""

VARIES = {"vary": "accept-language, cookie"}
"""What else than its address an answer depends on that speaks the reader's language."""


def read_by(request: HTTPConnection) -> str:
    """Return the language that a page is read in, and speak it from here on."""
    found = (
        known(request.query_params.get(PARAMETER, ""))
        or known(request.cookies.get(COOKIE, ""))
        or from_header(request.headers.get("accept-language", ""))
    )
    speak(found)
    return found


def asked_by(tag: str) -> None:
    """Speak the language that a query asks for; English where it asks for none."""
    speak(known(tag) or SOURCE)


def keeping(request: HTTPConnection) -> dict[str, str]:
    """Return the header by which a browser keeps the language that was chosen; none without one."""
    found = known(request.query_params.get(PARAMETER, ""))
    if not found:
        return {}
    return {"set-cookie": f"{COOKIE}={found}; Path=/; Max-Age={YEAR}; SameSite=Lax"}


def switch(request: HTTPConnection) -> str:
    """Return the links to a page in each language, each under its own name."""
    rest = [(name, value) for name, value in request.query_params.multi_items()
            if name != PARAMETER]  # fmt: skip
    links = "".join(
        f'<li><a href="?{escape(urlencode([*rest, (PARAMETER, tag)]))}" lang="{tag}"'
        f' hreflang="{tag}"{_current(tag)}>{name}</a></li>'
        for tag, name in LANGUAGES.items()
    )
    return f'<nav class="languages" aria-label="{escape(tr("Language"))}"><ul>{links}</ul></nav>'


def _current(tag: str) -> str:
    return ' aria-current="true"' if tag == current() else ""
