"""What `/ready` says of processes that nobody asks for anything, while the broker is away."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any

from tests.patience import PATIENCE, until

from .conftest import Yard


def asked(url: str) -> tuple[int, Any]:
    """Return the status and body of `/ready`."""
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def unready(url: str) -> dict[str, str]:
    """Return the reason of each part of a metrics port that is not ready."""
    status, body = asked(url)
    reasons = {part: one["reason"] for part, one in body["parts"].items() if not one["ready"]}
    assert (status, body["ready"]) == ((503, False) if reasons else (200, True))
    return reasons


def page_of(errors: list[str]) -> str:
    """Return the URL of a metrics port, which a process has said on standard error."""
    (told,) = (line for line in errors if line.startswith("metrics at "))
    return told.removeprefix("metrics at ").strip().removesuffix("/metrics")


def test_idle_processes_know_that_the_broker_is_away(yard: Yard) -> None:
    """The broker is killed and started again while a gateway without viewers and a host without
    events have nothing to ask: each says so of its part, and that it is back."""
    broker = yard.broker()
    flags = ("--broker", yard.address, "--metrics", "127.0.0.1:0", "--json")
    _, told = yard.touchline("gateway", "--port", "0", "--patience", "1", *flags)
    until(lambda: bool(told.of("listening")), what="the gateway")
    public, metrics = told.last["url"], told.last["metrics"].removesuffix("/metrics")
    errors = yard.folder / "errors"
    _, _ = yard.start(
        "sh", "-c", 'exec "$@" 2>"$0"', str(errors),
        sys.executable, "-m", "touchline.cli", "host", "--bind", "127.0.0.1", *flags,
    )  # fmt: skip
    until(lambda: errors.exists() and "metrics at" in errors.read_text(), what="the host")
    host = page_of(errors.read_text().splitlines())

    until(lambda: not unready(metrics) and not unready(host), what="ready")
    assert asked(public) == (200, {"ready": True})
    yard.kill(broker)
    until(lambda: set(unready(metrics)) == {"broker"}, what="the gateway's part")
    assert "no answer from the broker" in unready(metrics)["broker"]
    assert asked(public) == (503, {"ready": False})
    until(lambda: set(unready(host)) == {"broker"}, what="the host's part")
    yard.broker()
    until(lambda: not unready(metrics) and not unready(host), what="ready again")
    assert asked(public) == (200, {"ready": True})
