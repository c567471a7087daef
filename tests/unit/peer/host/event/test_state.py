"""What an event begins with."""

from __future__ import annotations

import pytest

from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options
from touchline.protocol.errors import NotFound, SettingError
from touchline.protocol.messages import Card


def test_unknown_sport():
    """An event of a sport that is not installed can't be hosted."""
    with pytest.raises(NotFound):
        HostedEvent(Card(event="e", title="E", sport="chess", origins=["A"]), Options())


def test_reserved_words():
    """A sport whose actions are named like corrections can't be hosted."""
    definition = {"actions": [{"title": "undo"}]}
    card = Card(
        event="e", title="E", sport="custom", origins=["A"], rules={"definition": definition}
    )
    with pytest.raises(SettingError, match="undo"):
        HostedEvent(card, Options())
