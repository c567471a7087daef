"""What holds for every test: ZeroMQ contexts are closed, what is demanded is not skipped, what
needs a machine for itself has it, and what a test starts heeds signals that the caller ignores.

`TOUCHLINE_DEMAND` turns a skip into a failure where its reason holds one of the words given, commas
between them, case ignored: `TOUCHLINE_DEMAND=postgresql,promtool`. `all` demands every test; a word
after a minus excuses: `all,-shared data`.
"""

from __future__ import annotations

import os
import signal
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import zmq
from hypothesis import HealthCheck, settings

from tests import postgresql

DEMAND = "TOUCHLINE_DEMAND"

# How long an example takes is the machine's affair.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# `nohup` and a shell's `&` have a process ignore signals, and all that it starts. Where these are
# taken and nothing is done, the tests go on as they would, and what they start takes the default.
for _number in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

_contexts: weakref.WeakSet[zmq.Context[Any]] = weakref.WeakSet()

_begin = zmq.Context.__init__


def _begin_noted(context: zmq.Context[Any], *args: Any, **kwargs: Any) -> None:
    _begin(context, *args, **kwargs)
    _contexts.add(context)


# Noted as they are made, since a search of all objects after each test would take longer than most.
zmq.Context.__init__ = _begin_noted  # type: ignore[method-assign]


def _open() -> set[zmq.Context[Any]]:
    """Return the contexts that are open; a shadow is closed by whoever made the context."""
    return {context for context in _contexts if not context.closed and not context._shadow}


@pytest.fixture(autouse=True)
def contexts_are_closed() -> Iterator[None]:
    """Fail the test that leaves a ZeroMQ context open; those of longer fixtures are left alone.

    A context that was dropped without being closed warns when it is collected, which is an error.
    """
    before = _open()
    yield
    left = _open() - before
    for context in left:
        context.destroy(linger=0)
    if left:
        pytest.fail(f"{len(left)} ZeroMQ contexts were left open")


ALONE = (
    ("tests/browser/test_reporting.py", "tests/integration/test_demo.py"),
    ("tests/browser/", "tests/integration/test_capture.py"),
)
"""Files that need much of a machine, or its clock: of several processes one runs all of a row, one
after the other."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run the tests of a file in one process, and all of a row of `ALONE`.

    Groups that tests are marked for have no effect with pytest 9.2 and xdist 3.8.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Rows(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((row[0] for row in ALONE if file.startswith(row)), file)

    return Rows(config, log)


def demanded(reason: str, demand: str) -> bool:
    """Tell whether a test may not be skipped for this reason.

    Args:
        reason: why it was skipped.
        demand: what the variable holds.
    """
    reason = reason.casefold()
    words = [word.strip().casefold() for word in demand.split(",") if word.strip()]
    excused = any(word[1:] in reason for word in words if word.startswith("-"))
    wanted = any(word == "all" or word in reason for word in words if not word.startswith("-"))
    return wanted and not excused


def _insist(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a skip that is demanded not to be one a failure."""
    if report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    where = report.longrepr
    reason = where[2] if isinstance(where, tuple) else str(where)
    if demanded(reason, os.environ.get(DEMAND, "")):
        report.outcome = "failed"
        report.longrepr = f"{reason}\n{DEMAND} says that this must run here"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Look at what became of a test, before anybody counts it."""
    report = yield
    _insist(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Look at what became of a file, which may skip all its tests at once."""
    report = yield
    _insist(report)
    return report


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a database on a PostgreSQL server; skips the test where there can be none."""
    with postgresql.server() as url:
        yield url


@pytest.fixture(name="postgresql")
def postgresql_schema(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty schema in PostgreSQL, dropped afterwards."""
    with postgresql.schema(postgresql_server) as url:
        yield url
