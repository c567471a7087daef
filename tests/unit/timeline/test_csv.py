"""Entries as a table for spreadsheets, and for the terminals that show it."""

from __future__ import annotations

from touchline.protocol.messages import Entry, Evidence
from touchline.timeline.csv import csv_lines


def test_no_control_character_and_no_formula() -> None:
    """No text of the network's makes a terminal obey, or a spreadsheet calculate."""
    entry = Entry(
        event="e",
        epoch=1,
        seq=1,
        entry_id="g1",
        status="CONFIRMED",
        title="goal",
        origin="\x1b[31mA\x9b",
        time=0,
        first_reported=0,
        accepted=0,
        sent=0,
        text="=1+1\x1b]0;x\x07",
        details={"player": "\x9b2J Messi"},
        evidence=Evidence(for_=1),
    )
    rows = b"".join(csv_lines([entry])).decode()
    assert not [char for char in rows if not char.isprintable() and char not in "\r\n"]
    assert "'=1+1" in rows
