"""The language of a request, and what keeps it."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from touchline.gateway.language import asked_by, keeping, read_by, switch
from touchline.runtime.languages import PSEUDO, current, speaking


def request(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return Request({"type": "http", "query_string": query.encode(), "headers": raw})


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("", {}, "en"),
        ("", {"accept_language": "de-AT,en;q=0.5"}, "de"),
        ("", {"accept_language": "de", "cookie": "touchline_lang=es"}, "es"),
        ("lang=pt", {"accept_language": "de", "cookie": "touchline_lang=es"}, "pt"),
        ("lang=xx", {"accept_language": "de", "cookie": "touchline_lang=yy"}, "de"),
        (f"lang={PSEUDO}", {}, PSEUDO),
    ],
)
def test_the_choice_goes_before_the_habit(
    query: str, headers: dict[str, str], language: str
) -> None:
    """The address, then the cookie, then what the browser prefers; what is not known is passed
    over."""
    with speaking("en"):
        assert read_by(request(query, **headers)) == language
        assert current() == language


def test_a_choice_is_kept_and_nothing_else() -> None:
    """A cookie is set where the address names a language of ours, and only its tag is in it."""
    assert keeping(request()) == {}
    assert keeping(request("lang=xx; Path=/evil")) == {}
    assert keeping(request("lang=de-AT"))["set-cookie"].startswith("touchline_lang=de; Path=/;")


def test_the_switch_keeps_the_rest_of_the_address() -> None:
    """Each link names its language in itself; what else the address asks for stays, escaped."""
    with speaking("de"):
        html = switch(request("text=%22%3Cb%3E&lang=de&status=live"))
    assert html.count("<li>") == 4
    assert 'href="?text=%22%3Cb%3E&amp;status=live&amp;lang=pt" lang="pt" hreflang="pt"' in html
    assert 'lang="de" hreflang="de" aria-current="true">Deutsch' in html
    assert PSEUDO not in html


def test_the_interface_is_english_unless_asked() -> None:
    """A program hears a language that it names, and English otherwise."""
    with speaking("de"):
        asked_by("")
        assert current() == "en"
        asked_by("es-MX")
        assert current() == "es"
