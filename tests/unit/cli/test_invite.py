"""`touchline invite --qr`: codes on a screen, one after the other."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from touchline.cli import invite as module
from touchline.protocol import messages
from touchline.protocol.errors import SettingError, Unreachable

KEY = "A7EHv_POEL4NcN0Y50vAmWfk1jCbpQ1fHdyGZBVVMbg"
BROKER = f"touchline://broker.example:5670?key={KEY}"


class FakeBroker:
    """Gives codes, or is away; stops the command after so many questions."""

    def __init__(self, most: int) -> None:
        self.asked: list[messages.Invite] = []
        self.away: set[int] = set()
        self.stopped = threading.Event()
        self.most = most

    def ask(self, request: messages.Invite) -> messages.Invited:
        self.asked.append(request)
        number = len(self.asked)
        if number == self.most:
            self.stopped.set()
        if number in self.away:
            raise Unreachable("the broker does not answer")
        return messages.Invited(id=0, invite="i", code=f"code-{number}", expires=0)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    fake = FakeBroker(3)

    @contextmanager
    def link(address: str, name: str) -> Iterator[FakeBroker]:
        yield fake

    @contextmanager
    def stop_flag() -> Iterator[threading.Event]:
        yield fake.stopped

    monkeypatch.setattr(module.shared, "link", link)
    monkeypatch.setattr(module.shared, "stop_flag", stop_flag)
    monkeypatch.setattr(module, "drawn", lambda text: f"<{text}>")
    for pause in ("RENEW_SECONDS", "AGAIN_SECONDS", "TURN_SECONDS"):
        monkeypatch.setattr(module, pause, 0.0)
    return fake


def run(*arguments: str) -> Result:
    return CliRunner().invoke(module.command, ["--broker", BROKER, "--name", "club", *arguments])


def test_one_code_after_the_other(broker: FakeBroker) -> None:
    """Each is valid for a minute, is shown for less than that, and can be read as text too."""
    result = run("--qr", "--role", "reporter", "--uses", "20")
    assert result.exception is None, result.output
    assert [(one.role, one.uses, one.seconds) for one in broker.asked] == [("reporter", 20, 60)] * 3
    for number in (1, 2, 3):
        login = f"touchline login '{BROKER}' --invite code-{number}"
        assert f"<{login}>\nreporter: {login}\n" in result.stdout


def test_a_code_is_replaced_before_it_expires() -> None:
    """Whoever reads it at the last moment has time to use it."""
    assert module.RENEW_SECONDS + 20 < module.ROTATED_SECONDS == 60


def test_a_broker_that_is_away_for_a_moment(broker: FakeBroker) -> None:
    """The screen goes on; a broker that is away from the start is an error."""
    broker.away = {2}
    result = run("--qr")
    assert result.exception is None, result.output
    assert "code-3" in result.stdout
    assert "trying again" in result.stderr
    broker.asked.clear()
    broker.stopped.clear()
    broker.away = {1}
    assert isinstance(run("--qr").exception, Unreachable | SystemExit)


def test_no_json(broker: FakeBroker) -> None:
    """What is drawn is for people."""
    assert isinstance(run("--qr", "--json").exception, SettingError)
    assert broker.asked == []


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says what to install, before it makes a code."""
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(SettingError, match=r"touchline\[qr\]"):
        module.drawn("text")


def test_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole text is in the code, without line ends around it."""
    made: list[Any] = []

    class Code:
        def terminal(self, out: Any, **_: object) -> None:
            out.write("##\n##\n")

    def make(text: str, **_: object) -> Code:
        made.append(text)
        return Code()

    fake = ModuleType("segno")
    fake.make = make  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "segno", fake)
    assert module.drawn("text") == "##\n##"
    assert made == ["text"]


def test_a_real_code_fits_a_terminal() -> None:
    """The longest usual command takes less than 80 columns and 30 lines."""
    pytest.importorskip("segno")

    text = f"touchline login 'touchline://touch.example.org:5670?key={KEY}' --invite " + "a" * 20
    lines = module.drawn(text).splitlines()
    assert len(lines) < 30
    assert max(map(len, lines)) < 80
