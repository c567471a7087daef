"""What the shell is offered, and what a mistyped id may have meant, from a real broker."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.patience import PATIENCE

from .test_cli_peers import Ground, broker, ground

__all__ = ["broker", "ground"]


def offered(ground: Ground, *words: str, **environment: str) -> set[str]:
    """Return what the shell is offered for the last of the words, which is half typed."""
    done = subprocess.run(
        [sys.executable, "-c", "from touchline.cli.main import main; main([])"],
        env={
            **ground.environment,
            "_TOUCHLINE_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("touchline", *words)),
            "COMP_CWORD": str(len(words)),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return {line.partition(",")[2] for line in done.stdout.splitlines() if line}


def test_completion(ground: Ground) -> None:
    """The shell is offered the broker's events, and the actions and origins of one of them."""
    event = ground.create().event
    assert offered(ground, "watch", event[:3]) == {event}
    assert offered(ground, "watch", "zz") == set()
    assert offered(ground, "report", event, "goal_") == {"goal_disallowed"}
    assert offered(ground, "report", event, "goal", "--origin", "") == {"A", "B"}
    assert "tennis" in offered(ground, "events", "search", "--sport", "")


def test_without_a_broker(ground: Ground) -> None:
    """Where no broker answers, the shell is offered nothing, and no error as a word."""
    assert offered(ground, "report", "e", "g", TOUCHLINE_BROKER="nobody") == set()


@pytest.mark.parametrize("command", ["watch", "events show"])
def test_a_mistyped_event(ground: Ground, command: str) -> None:
    """The error names the event that is most like it; where none is, it names none."""
    event = ground.create().event
    code, _, error = ground.run(*command.split(), event[:-1] + "0")
    assert (code, error) == (3, f"error: no event {event[:-1] + '0'!r}; did you mean {event}?\n")
    code, _, error = ground.run(*command.split(), "quite-another")
    assert (code, error) == (3, "error: no event 'quite-another'\n")
