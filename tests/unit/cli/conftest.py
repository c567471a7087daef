"""Each test of a command has a user's folder of its own, in which no broker is kept yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from touchline.protocol.addresses import BrokerAddress
from touchline.protocol.keys import Identity

KEY = Identity(b"b" * 32).public
ADDRESS = str(BrokerAddress("127.0.0.1", 5670, KEY))
"""A broker's whole address."""


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of everything that is kept; TOUCHLINE_BROKER names a broker."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("TOUCHLINE_HOME", str(folder))
    monkeypatch.setenv("TOUCHLINE_BROKER", ADDRESS)
    monkeypatch.delenv("TOUCHLINE_NAME", raising=False)
    return folder


@pytest.fixture
def address() -> str:
    """A broker's whole address."""
    return ADDRESS
