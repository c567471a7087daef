"""A host's journal is found where its URL says."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from touchline.cli.journals import hosted_event
from touchline.peer import Journal
from touchline.protocol.errors import NotFound, StorageFault
from touchline.protocol.messages import Card

CARD = Card(event="e", title="E", sport="football", origins=["A", "B"])


@pytest.mark.parametrize("url", ["sqlite:///{}", "sqlite:///file:{}?uri=true"])
def test_journal_by_its_url(url: str, tmp_path: Path) -> None:
    """A path and a URI of SQLite's lead to the same file; one that is missing is not made."""
    file = tmp_path / "journal.db"
    url = url.format(file)
    with pytest.raises(NotFound, match=str(file)), hosted_event("e", "host", url):
        pass
    assert not file.exists()
    with closing(Journal(url)) as journal:
        journal.keep_card(CARD)
    with hosted_event("e", "host", url) as (card, turns):
        assert (card, list(turns)) == (CARD, [])


def test_url_that_is_not_valid() -> None:
    """It is a fault that names the URL."""
    with pytest.raises(StorageFault, match="nonsense"), hosted_event("e", "host", "nonsense"):
        pass
