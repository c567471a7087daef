"""Results as tables: on a terminal of 80 columns, and as lines for programs."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from touchline.cli.ui import tables

HEADINGS = ("event", "title", "sport", "status", "host", "starts", "origins")
SHORT = ("a-v-b-k7m2", "A v B", "football", "live", "yes", "", "A, B")
LONG = (
    "sport-club-corinthians-paulista-of-sao-paulo-versus-clube-uzhp",
    "Sport-Club Corinthians Paulista of São Paulo versus Clube de Regatas do Flamengo of Rio",
    "football",
    "scheduled",
    "no",
    "2026-11-27T20:28:11.920Z",
    "Corinthians, Flamengo",
)


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")


def drawn(capsys: pytest.CaptureFixture[str], *rows: tuple[str, ...]) -> str:
    tables.table(HEADINGS, rows)
    shown = capsys.readouterr().out
    assert max(map(cell_len, shown.splitlines())) <= 80
    return shown


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the columns fit, a row is a line of cells."""
    assert "a-v-b-k7m2" in drawn(capsys, SHORT)


def test_a_row_too_wide(capsys: pytest.CaptureFixture[str]) -> None:
    """Where they don't, nothing is left out: a row has lines of its own, its first cell whole."""
    shown = drawn(capsys, LONG, SHORT)
    lines = shown.splitlines()
    assert LONG[0] in lines
    assert SHORT[0] in lines
    for cell in (*LONG[1].split(), *LONG[2:], *SHORT[1:]):
        assert cell in shown
    assert "starts" not in "".join(lines[lines.index(SHORT[0]) :]), "what is empty has no line"


def test_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """A table without rows has its headings."""
    tables.table(HEADINGS, [])
    assert "event" in capsys.readouterr().out
