"""The end of the thread that runs the reporters; what it does:
`tests/integration/test_gateway_reports.py`."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tests.patience import PATIENCE
from touchline.gateway.reporting.worker import ReportingWorker
from touchline.protocol.errors import Unreachable


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_waits_behind_a_fault_is_refused() -> None:
    """Where a step fails in a way that nobody has thought of, the thread ends: who asked for it
    and who waits behind it get an answer."""
    sessions: Any = SimpleNamespace(all=list, left=lambda _wall: [])
    nothing: Any = None

    def fails() -> None:
        raise ZeroDivisionError

    async def ask(worker: ReportingWorker) -> list[object]:
        worker.start()
        asked = [asyncio.ensure_future(worker._do(step)) for step in (fails, lambda: 1, lambda: 2)]
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), PATIENCE)
        await worker.stop()
        return answers

    async def all_of_it() -> list[object]:
        return await ask(ReportingWorker(sessions, nothing, nothing, lambda *_: None))

    assert [type(one) for one in asyncio.run(all_of_it())] == [Unreachable] * 3
