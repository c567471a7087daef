"""Lines of a log, as text for people or as JSON for programs. Pure.

A line has a sentence and the ids that it is about, so that one report is found in the logs of all
processes: `request`, `event`, `peer`, `report` (the peer and the number of its report), `entry`. A
line is written for a connection and for a decision that matters; for each request and report only
at the level debug. No line holds a secret: no private key, token, code of an invitation, cookie,
or password (`tests/integration/test_secrets.py`).
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Literal

from ..protocol.text import plain
from ..protocol.times import to_rfc3339
from .rate_limit import TokenBucket

Form = Literal["text", "json"]

LINES, BURST = 200, 2_000
"""The most lines below a warning, a second and at once; further ones are counted."""

_PASSWORD = re.compile(r"(://[^/@:\s]*):[^@/\s]+@")


def note(logger: logging.Logger, level: int, text: str, /, **ids: object) -> None:
    """Write a line.

    Args:
        logger: of the module.
        level: of `logging`.
        text: a sentence about what has happened, the same each time.
        ids: what it is about; those that are empty are left out.
    """
    if logger.isEnabledFor(level):
        logger.log(
            level, text, extra={"ids": {k: v for k, v in ids.items() if v not in ("", None)}}
        )


def report_id(peer: str, n: int) -> str:
    """Return the name of a report in logs and in `touchline trace`: PEER/N."""
    return f"{peer}/{n}"


def without_passwords(text: str) -> str:
    """Return a text whose URLs show no password."""
    return _PASSWORD.sub(r"\1:***@", text)


class TextFormatter(logging.Formatter):
    """A line for people, without control characters: names from the network may be in it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        """Return the line of a record; its traceback follows on lines of its own."""
        ids = "".join(f" {name}={_word(value)}" for name, value in ids_of(record).items())
        return plain(super().formatMessage(record)) + ids

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback where there is one."""
        return without_passwords(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the library's name
        """Return a traceback, set in: what an error says may be from the network."""
        return "\n".join(f"  {plain(line)}" for line in super().formatException(ei).split("\n"))


class JsonFormatter(logging.Formatter):
    """A line that is one JSON object.

    Args:
        process: the kind of the process, such as `host`; each line names it.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the object: time, level, process, log, text, the ids, and a fault's traceback."""
        line: dict[str, object] = {
            "time": to_rfc3339(round(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "process": self._process,
            "log": record.name,
            "text": plain(record.getMessage()),
        }
        line |= {name: _value(value) for name, value in ids_of(record).items()}
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return without_passwords(json.dumps(line))


class Throttle(logging.Filter):
    """Leaves out lines below a warning that come too fast, and says how many it has left out."""

    def __init__(self) -> None:
        super().__init__()
        self._bucket = TokenBucket(LINES, BURST)
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write a line."""
        if record.levelno >= logging.WARNING:
            return True
        if not self._bucket.take(1, record.created):
            self._left_out += 1
            return False
        if self._left_out:
            record.ids = {**ids_of(record), "left_out_before": self._left_out}
            self._left_out = 0
        return True


def ids_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the ids of a line; empty where it has none."""
    return getattr(record, "ids", {})


def _value(value: object) -> object:
    return value if isinstance(value, int | float | bool) else plain(str(value))


def _word(value: object) -> str:
    text = plain(str(value))
    return text if text and not set(text) & set(' "=') else json.dumps(text, ensure_ascii=False)
