"""Which language somebody reads."""

from __future__ import annotations

import pytest

from touchline.runtime.languages import PSEUDO, from_environment, from_header, known


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("fr-FR, fr;q=0.9, es;q=0.4, en;q=0.3", "es"),
        ("en;q=0.2, de;q=0.9", "de"),
        ("de;q=0", "en"),
        ("de;q=none, es", "es"),
        ("fr, it", "en"),
        ("*", "en"),
        (PSEUDO, "en"),
        ("de-" + "x" * 10_000, "de"),
    ],
)
def test_a_browser_gets_what_it_wants_most(header: str, language: str) -> None:
    """The known language with the highest quality; English where it wants none of ours. Nobody
    comes to the pseudo-locale by what their browser sends."""
    assert from_header(header) == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "pt_BR"}, "pt"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_ALL": "es_MX@x", "TOUCHLINE_LANGUAGE": "en"}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "en"),
        ({"LANG": "", "LC_MESSAGES": "es"}, "es"),
    ],
)
def test_a_terminal_reads_as_its_environment_says(
    environment: dict[str, str], language: str
) -> None:
    """The setting goes first, then the variables in the order of POSIX."""
    assert from_environment(environment) == language


def test_a_tag_means_its_language() -> None:
    """Whatever the country, and however it is written."""
    assert [known(tag) for tag in ("pt-PT", "PT_br.utf8", "de", "deu", "", "qps-plocm")] == [
        *("pt", "pt", "de", "", "", "qps-plocm")
    ]
