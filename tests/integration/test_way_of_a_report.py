"""The way of one report from tap to screen is the one that ARCHITECTURE.md tells."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from touchline.protocol.messages import Entry
from touchline.timeline.fold import FeedFold

from .conftest import PATIENCE, World

ROOT = Path(__file__).parents[2]

PACKAGE = Path(sys.modules["touchline"].__path__[0]).resolve()

ROW = re.compile(r"^\| [^|]+ \| `(?P<file>[\w/]+\.py)` \| (?P<functions>`[^|]+`) \|$", re.MULTILINE)


def told() -> list[tuple[str, str]]:
    """Return the files and functions of the table in ARCHITECTURE.md, in order."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    section = text.split("## The way of a report")[1].split("\n## ")[0]
    return [
        (row["file"], name)
        for row in ROW.finditer(section)
        for name in re.findall(r"`([\w.]+)`", row["functions"])
    ]


class Calls:
    """The calls of our functions while it is recording, in every thread, in order."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.recording = False

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if not self.recording or event != "call":
            return
        code = frame.f_code
        if code.co_filename.startswith(str(PACKAGE)):
            file = Path(code.co_filename).resolve().relative_to(PACKAGE).as_posix()
            self.made.append((file, code.co_qualname))


@contextmanager
def profiled(calls: Calls) -> Iterator[None]:
    """See the calls of this thread, and of those that are started from now on."""
    threading.setprofile(calls)
    sys.setprofile(calls)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def trace(world: World) -> Calls:
    """Let a second reporter tap the goal that a first has told, and a subscriber show it; return
    what was called from that tap on."""
    calls = Calls()
    with profiled(calls):
        host = world.with_broker().host()
        first, second = world.reporter("ann"), world.reporter("ben")
        feed = world.subscriber()
        fold = FeedFold(host.events[world.event].card)
        first.wait_open(PATIENCE)
        second.wait_open(PATIENCE)
        world.until(lambda: feed.next(0.05) is None and feed.setup is not None)
        world.goal(1, first)
        assert first.wait_fate(1, PATIENCE, ("stored",))
        calls.recording = True
        world.goal(1, second)
        shown: list[str] = []

        def show() -> bool:
            second.pump(0.01)
            item = feed.next(0.01)
            if isinstance(item, Entry):
                shown.append(fold.take(item).line)
            return bool(shown)

        world.until(show)
        assert second.wait_fate(1, PATIENCE, ("accepted",))
        calls.recording = False
    assert "A 1–0 B" in shown[0]
    return calls


def missed(way: list[tuple[str, str]], made: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the steps of a way from the first on that no call takes after the step before."""
    calls = iter(made)
    for i, step in enumerate(way):
        if step not in calls:
            return way[i:]
    return []


def test_the_way_of_a_report(world: World) -> None:
    """The functions that ARCHITECTURE.md names are called one after the other, no file twice."""
    way = told()
    assert len(way) > 20
    assert missed(way, trace(world).made) == []
    files = [file for i, (file, _) in enumerate(way) if i == 0 or way[i - 1][0] != file]
    assert len(files) == len(set(files)), "the reader comes back to a file"


def test_a_wrong_way_is_found() -> None:
    """A step that no call takes is found, and so are two in the wrong order."""
    a, b, c = ("a.py", "a"), ("b.py", "b"), ("c.py", "c")
    assert missed([a, b, c], [a, a, b, a, c]) == []
    assert missed([a, b, c], [a, c, a]) == [b, c]
    assert missed([b, a], [a, b]) == [a]
