"""The end of the thread that follows events; what it does: `tests/integration/test_gateway.py`."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.patience import PATIENCE
from touchline.gateway.feed.follower import STOPPING, Follower
from touchline.protocol.errors import Unreachable
from touchline.protocol.messages import Search


class HeldUpLink:
    """A link whose thread is held up in `poll`, and that then fails where it is to."""

    sockets: tuple[Any, ...] = ()

    def __init__(self, *, fails: bool) -> None:
        self.polling, self.go_on = threading.Event(), threading.Event()
        self._fails = fails

    def __enter__(self) -> HeldUpLink:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def poll(self, _now: float) -> None:
        self.polling.set()
        self.go_on.wait(PATIENCE)
        if self._fails:
            raise ZeroDivisionError

    def next_timer(self) -> float | None:
        return 0.0


@pytest.mark.parametrize("fails", [False, True])
def test_a_request_that_waits_for_the_thread_is_refused_at_its_end(fails: bool) -> None:
    """Requests that the thread has not looked at when it ends, in good order or not, get an
    answer, and so do those that come afterwards."""
    link = HeldUpLink(fails=fails)

    async def ask(follower: Follower) -> None:
        follower.start()
        await asyncio.to_thread(link.polling.wait, PATIENCE)
        request = Search(id=0, limit=1)
        asked = [asyncio.ensure_future(follower.ask(request, PATIENCE)) for _ in range(3)]
        await asyncio.sleep(0)
        ending = asyncio.ensure_future(follower.stop())
        await asyncio.sleep(0)
        link.go_on.set()
        answers = await asyncio.wait_for(
            asyncio.gather(*asked, ending, return_exceptions=True), PATIENCE
        )
        assert [str(one) for one in answers[:3]] == [STOPPING] * 3
        assert all(isinstance(one, Unreachable) for one in answers[:3])
        with pytest.raises(Unreachable, match=STOPPING):
            await follower.ask(request, PATIENCE)

    def made(**_: Any) -> Any:
        return link

    asyncio.run(ask(Follower(made, lambda *_: None, most_bytes=1)))
