"""Every block of code in the guides, run as a reader would run it, from the first to the last.

A block runs as it stands; addresses get free ports, so that tests can run beside each other. An
HTML comment before a block says what else holds of it: `<!-- not run: WHY -->`, or
`<!-- keeps running: TEXT -->` of one that runs until Ctrl+C and prints TEXT when it is ready.
Variables that a block of shell sets are there in the next one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
GUIDES = [
    ROOT / "docs" / "guides" / f"{name}.md"
    for name in ("club", "webmaster", "operator", "python", "javascript", "vote")
]
"""In the order in which they are read: those after the first go on with its match."""

BLOCK = re.compile(
    r"(?:<!-- (?P<mark>not run|keeps running): (?P<about>[^>]+) -->\n)?"
    r"^```(?P<kind>\w+)\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)

PORTS = ("5670", "8080", "9670")
"""Ports that the guides name."""

NODE = shutil.which("node")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a guide; `line` is where it begins."""

    guide: str
    line: int
    kind: str
    code: str
    mark: str
    about: str


def blocks(guide: Path) -> list[Block]:
    """Return the blocks of a guide, in order."""
    text = guide.read_text("utf-8")
    return [
        Block(
            guide.name,
            text.count("\n", 0, found.start("code")),
            found["kind"],
            found["code"],
            found["mark"] or "",
            (found["about"] or "").strip(),
        )
        for found in BLOCK.finditer(text)
    ]


@dataclass
class Reader:
    """Somebody who does what the guides say, in a folder of their own."""

    folder: Path
    ports: dict[str, str]
    stack: ExitStack
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        bin_ = str(Path(sys.executable).parent)
        return {
            **{name: value for name, value in os.environ.items() if "TOUCHLINE" not in name},
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "TOUCHLINE_HOME": str(self.folder / "home"),
            "TOUCHLINE_BROKER_BIND": f"127.0.0.1:{self.ports['5670']}",
            "TOUCHLINE_GATEWAY_PORT": self.ports["8080"],
            "TOUCHLINE_OPEN_GATEWAY": f"http://127.0.0.1:{self.ports['8080']}",
            **self.variables,
        }

    def run(self, block: Block) -> str:
        """Run a block to its end; return what it printed."""
        commands = {
            "sh": [
                "bash",
                "-euo",
                "pipefail",
                "-c",
                self._code(block) + "\nexport EVENT\nenv > vars",
            ],
            "python": [sys.executable, "-c", self._code(block)],
            "js": [str(NODE), "--input-type=module", "-e", self._code(block)],
        }
        done = subprocess.run(
            commands[block.kind],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        where = f"{block.guide}:{block.line}"
        assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}"
        if block.kind == "sh":
            lines = (self.folder / "vars").read_text().splitlines()
            self.variables["EVENT"] = next(
                line.removeprefix("EVENT=") for line in lines if line.startswith("EVENT=")
            )
        return done.stdout

    def keep_running(self, block: Block) -> None:
        """Start a block that runs until Ctrl+C, and wait until it says that it is ready."""
        self.stack.enter_context(self._running(block))

    @contextmanager
    def _running(self, block: Block) -> Iterator[None]:
        output = self.folder / f"{block.guide}-{block.line}.txt"
        with output.open("w") as file:
            process = subprocess.Popen(
                ["bash", "-c", "exec " + self._code(block)],
                cwd=self.folder,
                env={**self.environment, "PYTHONUNBUFFERED": "1"},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while block.about not in output.read_text():
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < deadline, output.read_text()
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)

    def _code(self, block: Block) -> str:
        code = block.code
        for port, free in self.ports.items():
            code = re.sub(rf"(?<=:){port}\b", free, code)
        return code


def _free_ports() -> dict[str, str]:
    found = {}
    with ExitStack() as stack:
        for port in PORTS:
            one = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            found[port] = str(one.getsockname()[1])
    return found


def test_every_block_of_the_guides_runs(tmp_path: Path) -> None:
    """What a reader is told to type does what the guide says, in every guide."""
    if NODE is None:
        pytest.skip("node is not installed")
    printed: dict[str, str] = {}
    with ExitStack() as stack:
        reader = Reader(tmp_path, _free_ports(), stack)
        for guide in GUIDES:
            for block in blocks(guide):
                if block.mark == "keeps running":
                    reader.keep_running(block)
                elif not block.mark:
                    printed[guide.name] = printed.get(guide.name, "") + reader.run(block)
    assert "/events/lindau-v-ulm-" in printed["club.md"]
    assert "Lindau" in printed["webmaster.md"]
    assert '"kind": "host"' in printed["operator.md"] or "broker" in printed["operator.md"]
    assert "GOAL for Lindau: Ann Smith" in printed["python.md"]
    assert "GOAL for Lindau" in printed["javascript.md"]
    assert '"text":"GOAL for Lindau: Ann Smith' in printed["vote.md"]


def test_each_guide_is_read() -> None:
    """No guide is left out, each has a block that runs, and what does not run says why."""
    assert {path.name for path in (ROOT / "docs" / "guides").glob("*.md")} == {
        guide.name for guide in GUIDES
    }
    for guide in GUIDES:
        found = blocks(guide)
        assert any(not block.mark for block in found), guide.name
        assert guide.read_text("utf-8").count("```") == 2 * len(found)
        assert all(block.about for block in found if block.mark)
        assert {block.kind for block in found if not block.mark} <= {"sh", "python", "js"}
