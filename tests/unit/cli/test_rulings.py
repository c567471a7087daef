"""`touchline events reopen` and the like: what is signed and sent, and what is printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from touchline.cli.events import command
from touchline.peer import identity
from touchline.protocol import messages, signing

WHY = ("--reason", "the film")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a host was asked; it answers that it is done."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path))
    found: list[Any] = []

    @contextmanager
    def link(_address: str, _name: str) -> Iterator[None]:
        yield None

    def ask_host(_link: object, event: str, request: Any, *_: object) -> Any:
        found.append(request)
        if isinstance(request, messages.AskScore):
            return messages.Done(id=1)
        return messages.Ruled(id=1, event=event, ruling=request.ruling, epoch=2, seq=1_003)

    def card_of(_link: object, event: str, _timeout: float) -> messages.Card:
        return messages.Card(event=event, title="t", sport="race", origins=["Ada", "8 Bo Lee"])

    monkeypatch.setattr("touchline.cli.shared.link", link)
    monkeypatch.setattr("touchline.cli.shared.card_of", card_of)
    # This one first: were it imported now, it would keep the other's stand-in for ever.
    monkeypatch.setattr("touchline.peer.owning.ask_host", ask_host)
    monkeypatch.setattr("touchline.peer.requests.ask_host", ask_host)
    return found


def run(*arguments: str) -> Any:
    where = ("--broker", "127.0.0.1:1", "--insecure", "--name", "olga")
    return CliRunner().invoke(command, [*arguments, *where], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (("reopen", "e"), {"act": "reopen"}),
        (("end", "e"), {"act": "end"}),
        (("amend", "e", "--score", "2-1"), {"act": "amend", "score": "2-1"}),
        (
            ("amend", "e", "--entry", "7", "--detail", "player=Di María", "--detail", "n=3"),
            {"act": "amend", "entry": "7", "details": {"player": "Di María", "n": 3}},
        ),
        # As the sport takes it, and the origins are written.
        (("amend", "e", "--entry", "7", "--detail", "time=4.20"), {"details": {"time": "4.20"}}),
        (("disqualify", "e", "bo"), {"act": "disqualify", "origin": "8 Bo Lee"}),
        (("reinstate", "e", "8"), {"act": "reinstate", "origin": "8 Bo Lee"}),
        (("disqualify", "e", "Ada"), {"act": "disqualify", "origin": "Ada"}),
        (("reinstate", "e", "Ada"), {"act": "reinstate", "origin": "Ada"}),
        (("award", "e", "B"), {"act": "award", "origin": "B"}),
        (("uphold", "e", "finish", "bo"), {"title": "finish", "origin": "8 Bo Lee", "entry": ""}),
        (("uphold", "e", "start"), {"act": "uphold", "title": "start", "origin": ""}),
        (("uphold", "e", "--entry", "7"), {"act": "uphold", "entry": "7", "title": ""}),
        (("delete", "e", "7"), {"act": "delete", "entry": "7"}),
        (("suspend", "e"), {"act": "suspend"}),
        (("resume", "e"), {"act": "resume"}),
    ],
)
def test_what_is_signed(asked: list[Any], arguments: Any, fields: dict[str, Any]) -> None:
    """A ruling says what the flags say, bears its owner's signature, and has an id of its own."""
    for _ in range(2):
        result = run(*arguments, *WHY)
        assert result.exit_code == 0, result.output
        assert "message 1,003 of epoch 2" in result.stdout
    first, second = asked
    assert first.ruling != second.ruling
    for ruling in asked:
        assert (ruling.event, ruling.reason) == ("e", "the film")
        assert {name: getattr(ruling, name) for name in fields} == fields
        assert signing.is_by(identity.load("olga").peer, ruling)


def test_as_json(asked: list[Any]) -> None:
    """With --json one object tells it."""
    told = json.loads(run("reopen", "e", *WHY, "--json").stdout)
    assert told == {
        "type": "ruled",
        "event": "e",
        "act": "reopen",
        "ruling": asked[0].ruling,
        "epoch": 2,
        "seq": 1_003,
    }
    assert json.loads(run("ask-score", "e", "--json").stdout) == {"type": "done", "event": "e"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("reopen", "e"),
        ("end", "e"),
        ("reopen", "e", "--reason", " "),
        ("uphold", "e", *WHY),
        ("uphold", "e", "goal", "--entry", "7", *WHY),
        ("amend", "e", *WHY),
        ("amend", "e", "--score", "1-0", "--entry", "7", *WHY),
        ("amend", "e", "--entry", "7", *WHY),
        ("amend", "e", "--score", "1-0", "--detail", "player=A", *WHY),
    ],
)
def test_misused(asked: list[Any], arguments: tuple[str, ...]) -> None:
    """Without a reason, or with what does not fit together, nothing is sent."""
    assert run(*arguments).exit_code == 2
    assert asked == []


def test_the_score_on_demand(asked: list[Any]) -> None:
    """The score is asked for without a reason."""
    assert "are asked for the score" in run("ask-score", "e").stdout
    assert asked == [messages.AskScore(id=0, event="e")]
