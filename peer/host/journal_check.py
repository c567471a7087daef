"""What of a journal is damaged and what can be kept, and a journal made anew of that.

An event's state follows from all its turns in order, so that the turns before the first damaged one
can be kept, and none after it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ...protocol.errors import StorageFault
from ...runtime import files
from .event import records
from .journal import Journal, file_of

SUFFIXES = ("", "-wal", "-shm")
"""Of the files of SQLite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCheck:
    """What was found in an event's turns.

    `turns`: how many can be read. `unchecked`: how many of these have no checksum, since a release
    before stored them. `damaged`: the number of the first damaged turn, 0 where none is; `damage`
    says what is wrong with it. `kept`: how many turns come before it.
    """

    event: str
    turns: int
    unchecked: int
    damaged: int
    damage: str
    kept: int


def check(journal: Journal) -> list[EventCheck]:
    """Return the condition of each event in a journal.

    Raises:
        StorageFault: not even the events can be read.
    """
    return [_condition(journal, event) for event in journal.all_events()]


def _condition(journal: Journal, event: str) -> EventCheck:
    turns = unchecked = damaged = kept = 0
    damage = ""
    try:
        for turn in journal.read(event):
            turns += 1
            unchecked += not turn.checksum
            wrong = turn.damage or _unreadable(turn.records)
            if wrong and not damaged:
                damaged, damage = turn.number, wrong
            if not damaged:
                kept += 1
    except StorageFault as fault:
        if not damaged:
            # The row after the last that could be read.
            damaged, damage = turns + 1, fault.sentence
    return EventCheck(
        event=event, turns=turns, unchecked=unchecked, damaged=damaged, damage=damage, kept=kept
    )


def _unreadable(blob: bytes) -> str:
    try:
        records.unpack(blob)
    except StorageFault as fault:
        return fault.sentence
    return ""


def recovered(journal: Journal) -> Iterator[tuple[str, records.ReportRecovered]]:
    """Yield the reports that came from the journals of other hosts, each with its event.

    Raises:
        StorageFault: a turn is damaged.
    """
    for event in journal.all_events():
        for turn in journal.turns(event):
            for record, _ in records.unpack(turn):
                if isinstance(record, records.ReportRecovered):
                    yield event, record


def repair(url: str) -> tuple[list[EventCheck], Path | None]:
    """Replace a damaged journal by what can be kept of it.

    Args:
        url: of the journal, in a file of SQLite; its host has stopped.

    Returns:
        What was found, and where the damaged journal is now; None where nothing was damaged and
        nothing has changed.

    Raises:
        StorageFault: it cannot be read or written; it is as it was.
    """
    file = file_of(url)
    if file is None:
        raise StorageFault(
            "only a journal in a file can be repaired; of a PostgreSQL database restore a backup"
        )
    made = file.with_name(file.name + ".repaired")
    try:
        for suffix in SUFFIXES:
            made.with_name(made.name + suffix).unlink(missing_ok=True)
        with closing(Journal(url)) as journal:
            found = check(journal)
            if not any(condition.damaged for condition in found):
                return found, None
            with closing(Journal(f"sqlite:///{made}")) as kept:
                for condition in found:
                    kept.take_over(journal, condition.event, condition.kept)
        return found, _exchange(file, made)
    except OSError as error:
        raise StorageFault(f"{file}: {error.strerror}") from error


def _exchange(file: Path, made: Path) -> Path:
    """Put a new file in the place of a journal; return where the old one is."""
    number, damaged = 1, file.with_name(file.name + ".damaged")
    while damaged.exists():
        number += 1
        damaged = file.with_name(f"{file.name}.damaged-{number}")
    os.link(file, damaged)
    for suffix in SUFFIXES[1:]:
        beside = file.with_name(file.name + suffix)
        if beside.exists():
            copy = damaged.with_name(damaged.name + suffix)
            files.create(copy)
            shutil.copyfile(beside, copy)
            beside.unlink()
    # In one step, so that there is a whole journal under its name at any moment.
    os.replace(made, file)
    return damaged
