"""The versions of an entry, as a feed brought them."""

from __future__ import annotations

from msgspec.structs import replace

from touchline.protocol.messages import Evidence
from touchline.timeline.feed import Item, Notice
from touchline.timeline.fold import FeedFold
from touchline.timeline.history import VERSIONS, History

from ..following import CARD, entry


def _history(*items: Item) -> History:
    fold, history = FeedFold(CARD), History()
    for item in items:
        history.take(fold.take(item))
    return history


def test_each_version_says_what_held_then() -> None:
    """An entry that was unconfirmed, confirmed and deleted has three versions, oldest first."""
    first = replace(entry(1, 3, status="PROVISIONAL"), evidence=Evidence(for_=2, present=9))
    second = replace(entry(1, 3), seq=2, text="GOAL for A: Ann")
    third = replace(second, seq=3, status="DELETED", reason="ruled out\x1b[2J")
    versions = _history(first, entry(7, 8), second, third).of("1")
    assert [version.mark for version in versions] == ["unconfirmed", "", "deleted"]
    assert [version.for_ for version in versions] == [2, 5, 5]
    assert versions[0].text == "GOAL for A, number 1"
    assert versions[1].text == "GOAL for A: Ann"
    assert versions[2].reason == "ruled out�[2J"


def test_what_is_not_known_has_no_versions() -> None:
    """An entry that never came has none, nor has any after the feed was read anew."""
    assert _history(entry(1)).of("2") == []
    assert _history(entry(1), Notice("diverged", "another feed")).of("1") == []


def test_the_versions_are_bounded() -> None:
    """Of many versions the first and the newest are kept."""
    many = [replace(entry(1), seq=seq) for seq in range(1, VERSIONS + 20)]
    versions = _history(*many).of("1")
    assert len(versions) == VERSIONS
    assert versions[0].seq == 1
    assert versions[-1].seq == VERSIONS + 19
