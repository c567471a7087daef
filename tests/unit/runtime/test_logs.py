"""Lines of a log: for people and for programs, bounded, without passwords."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from touchline.runtime.logs import (
    BURST,
    LINES,
    JsonFormatter,
    TextFormatter,
    Throttle,
    note,
    report_id,
    without_passwords,
)


class Kept(logging.Handler):
    """Keeps records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Iterator[Kept]:
    """What is logged by the logger `a.log`, from the level info on."""
    logger, handler = logging.getLogger("a.log"), Kept()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)


def record(text: str = "it has come", **ids: Any) -> logging.LogRecord:
    made = logging.LogRecord("a.log", logging.INFO, "", 0, text, (), None)
    made.created = 1.5
    made.ids = ids
    return made


def test_ids_that_are_empty_are_left_out(kept: Kept) -> None:
    """A line has the ids that are known, and is written at its level alone."""
    logger = logging.getLogger("a.log")
    note(logger, logging.INFO, "it has come", event="e", peer="", request=0, code=None)
    note(logger, logging.DEBUG, "so has this")
    (line,) = kept.records
    assert (line.getMessage(), line.__dict__["ids"]) == (
        "it has come",
        {"event": "e", "request": 0},
    )


def test_a_line_for_people() -> None:
    """It is one line, whatever a name from the network holds; what has blanks is quoted."""
    line = TextFormatter().format(record("a\x1b[2J\nb has come", event="e-1", name='x\n"y" z=1'))
    assert line.endswith('INFO a�[2J�b has come event=e-1 name="x�\\"y\\" z=1"')


def test_a_fault_for_people() -> None:
    """What an error says, which may be from the network, stands set in and without control
    characters: neither a terminal nor a reader takes it for more."""
    line = record()
    try:
        raise ValueError("a\x1b[2J\n2026-01-01 INFO all is well")
    except ValueError:
        line.exc_info = sys.exc_info()
    first, *traceback = TextFormatter().format(line).split("\n")
    assert first.endswith("INFO it has come")
    assert traceback[-2:] == ["  ValueError: a�[2J", "  2026-01-01 INFO all is well"]
    assert all(each.startswith("  ") for each in traceback)


def test_a_line_for_programs() -> None:
    """It is one JSON object, with the process and the ids; a fault's traceback is in it."""
    line = record(event="e", request=7, name="Ö\x9b\n")
    found = json.loads(JsonFormatter("host").format(line))
    assert found == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "info",
        "process": "host",
        "log": "a.log",
        "text": "it has come",
        "event": "e",
        "request": 7,
        "name": "Ö��",
    }
    try:
        raise ValueError("at postgresql://u:pass word@db/x\n\x1b[2J")
    except ValueError:
        line.exc_info = sys.exc_info()
    text = JsonFormatter("host").format(line)
    assert "\n" not in text
    assert "\x1b" not in text
    assert "ValueError" in json.loads(text)["fault"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+psycopg://touchline:s3cret@db/x", "postgresql+psycopg://touchline:***@db/x"),
        ("at redis://:s3cret@h:1, away", "at redis://:***@h:1, away"),
        ("touchline://h:5670?key=abc", "touchline://h:5670?key=abc"),
        ("http://h:80/a:b@c", "http://h:80/a:b@c"),
        ("nothing", "nothing"),
    ],
)
def test_no_password(text: str, shown: str) -> None:
    """The password of a URL is not written, and nothing else is taken out."""
    assert without_passwords(text) == shown
    assert shown in TextFormatter().format(record(text))
    assert json.loads(JsonFormatter("host").format(record(text)))["text"] == shown


def test_too_many_lines() -> None:
    """A flood is bounded, warnings are always written, and what was left out is counted."""
    throttle, lines = Throttle(), [record() for _ in range(BURST + 10)]
    assert sum(throttle.filter(line) for line in lines) == BURST
    warning = record()
    warning.levelno = logging.WARNING
    assert throttle.filter(warning)
    later = record(event="e")
    later.created += 1.5 / LINES
    assert throttle.filter(later)
    assert later.__dict__["ids"] == {"event": "e", "left_out_before": 10}


def test_report_id() -> None:
    """A report is named by its peer and number."""
    assert report_id("abc", 7) == "abc/7"
