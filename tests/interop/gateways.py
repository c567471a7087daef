"""A broker and gateways as processes, for clients that know nothing of us."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.forked import Process
from tests.patience import PATIENCE
from touchline.cli.shared import place_of


@dataclass
class Running:
    """A process that has said where it listens."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    @property
    def lobby(self) -> str:
        return str(self.told["url"]).replace("http", "ws") + "/ws/live"

    def end(self, *, kill: bool = False) -> None:
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()


class Gateways:
    """The processes of one test, with a home of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = "127.0.0.1:0"
        self.running: list[Running] = []
        self.broker = self.start_broker()

    def start_broker(self) -> Running:
        """Start the broker, where it was before if it was."""
        self.broker = self.run("broker", "--bind", self.place)
        self.address = str(self.broker.told["address"])
        self.place = place_of(self.address)
        return self.broker

    def start(self, *flags: str) -> Running:
        """Start one more gateway."""
        kept = str(self.folder / f"gateway {len(self.running)}")
        usual = ("--broker", self.address, "--port", "0", "--folder", kept)
        return self.run("gateway", *usual, *flags)

    def run(self, command: str, *flags: str) -> Running:
        process = Process(
            [sys.executable, "-m", "touchline.cli", command, "--json", *flags],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TOUCHLINE_HOME": str(self.folder / "home")},
        )
        assert process.stdout is not None
        running = Running(process, json.loads(process.stdout.readline()))
        self.running.append(running)
        assert running.told["type"] == "listening"
        return running

    @staticmethod
    def free_port() -> int:
        """A port that nobody has at this moment."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def close(self) -> None:
        for one in self.running:
            if one.process.poll() is None:
                one.end(kill=True)
            elif one.process.stdout is not None:
                one.process.stdout.close()
