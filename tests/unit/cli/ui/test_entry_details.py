"""What is shown of one entry: votes, times, history."""

from __future__ import annotations

from msgspec.structs import replace

from touchline.cli.ui.entry_details import BAR_CELLS, entry_details
from touchline.protocol.messages import Entry, Evidence
from touchline.timeline.feed import Item
from touchline.timeline.fold import FeedFold
from touchline.timeline.history import History

from ...following import CARD, entry


def _shown(*items: Item) -> list[str]:
    fold, history = FeedFold(CARD), History()
    for item in items:
        history.take(fold.take(item))
    row = fold.rows[0]
    return entry_details(row, history.of(row.entry.entry_id)).plain.split("\n")


def _line(lines: list[str], label: str) -> str:
    return next(line for line in lines if line.startswith(label))


def test_votes_as_words_and_as_a_bar() -> None:
    """The votes are counted in words, and the bar has a part for each side and for the silent."""
    voted = replace(entry(1), evidence=Evidence(for_=6, against=3, present=12))
    lines = _shown(voted)
    assert _line(lines, "Votes") == "Votes     6 of 12 saw it, 3 against"
    (bar,) = (line.strip() for line in lines if "█" in line)
    assert (bar.count("█"), bar.count("▓"), len(bar)) == (12, 6, BAR_CELLS)


def test_no_votes_no_division() -> None:
    """An entry of the owner's has no votes, and says whose it is."""
    ruled = replace(entry(1), by="owner-id", evidence=Evidence(for_=0, present=0))
    lines = _shown(ruled)
    assert "the owner says so" in _line(lines, "Votes")
    assert _line(lines, "Ruled by") == "Ruled by  owner-id"


def test_history_says_what_was_different() -> None:
    """Each version has its votes and its mark; a sentence only where it was another one."""
    first = replace(entry(1, status="PROVISIONAL"), text="GOAL for A")
    lines = _shown(first, replace(entry(1), seq=2, text="GOAL for A: Ann"))
    told = lines[lines.index("History") + 1 :]
    assert [line[10:] for line in told] == [
        "5 of 12  unconfirmed  GOAL for A",
        "5 of 12  confirmed",
    ]


def test_nothing_of_the_network_is_obeyed() -> None:
    """Whatever text an entry holds, no control character is shown."""
    evil = "x\x1b[2J"
    said = replace(
        entry(1, text=evil, headline=evil, details={evil: evil}),
        reason=evil,
        review=evil,
        by=evil,
        relates_to=evil,
        clock=evil,
    )
    assert isinstance(said, Entry)
    assert not any("\x1b" in line for line in _shown(said))
