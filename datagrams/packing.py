"""A snapshot as one datagram, shortened until it fits. Pure.

Existing clients read 4,096 bytes, and would not see the end of a longer one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from .snapshots import MatchSnapshot, SnapshotPlayer, SnapshotSide

MOST_BYTES = 4_095
"""A datagram stays under 4,096 bytes."""

MOST_GOALS = 10
"""The newest minutes of goals that are listed of one player."""

MOST_PEOPLE = 30
"""People that are listed of one side, however short their names."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How much is said.

    Args:
        people: `all`; those who `played`; those who play `now` or have goals or a red card; those
            who are `marked` by these; `none`.
        name: characters of a name.
        text: characters of a sentence.
    """

    people: Literal["all", "played", "now", "marked", "none"]
    name: int
    text: int


CUTS = (
    Cut("all", 200, 1_000),
    Cut("played", 200, 1_000),
    Cut("played", 40, 400),
    Cut("played", 24, 200),
    Cut("now", 24, 200),
    Cut("now", 14, 120),
    Cut("now", 8, 80),
    Cut("marked", 8, 80),
    Cut("none", 8, 40),
)
"""The ways to shorten, in the order in which they are tried; the last one always fits."""


def pack(snapshot: MatchSnapshot) -> bytes:
    """Return a snapshot as a datagram, with as much as fits."""
    for cut in CUTS:
        packed = msgspec.json.encode(_plain(snapshot, cut))
        if len(packed) <= MOST_BYTES:
            return packed
    raise AssertionError(f"snapshot {snapshot.count} can't be cut to {MOST_BYTES:,} bytes")


def _plain(snapshot: MatchSnapshot, cut: Cut) -> dict[str, object]:
    first, second = snapshot.sides
    return {
        "message": {
            "count": snapshot.count,
            "score": _short(snapshot.score, cut.text),
            "content": _short(snapshot.content, cut.text),
            "type": _short(snapshot.type, min(cut.text, 40)),
            "time_passed": snapshot.minutes,
        },
        "timeA": _people(first, cut),
        "timeB": _people(second, cut),
        "goleiroA": _keeper(first, cut),
        "goleiroB": _keeper(second, cut),
    }


def _keeper(side: SnapshotSide, cut: Cut) -> dict[str, object]:
    return {"nome": _short(side.keeper, cut.name), "time": _short(side.name, cut.name)}


def _people(side: SnapshotSide, cut: Cut) -> list[dict[str, object]]:
    team = _short(side.name, cut.name)
    return [
        {
            "nome": _short(player.name, cut.name),
            "time": team,
            "posicao": player.position,
            "cartao_vermelho": player.red is not None,
            "gols": len(player.goals),
            "tempo_gols": list(player.goals[-MOST_GOALS:]),
            "tempo_cv": player.red,
        }
        for player in list(_listed(side.people, cut))[:MOST_PEOPLE]
    ]


def _listed(people: Iterable[SnapshotPlayer], cut: Cut) -> Iterable[SnapshotPlayer]:
    for player in people:
        marked = bool(player.goals) or player.red is not None
        if (
            cut.people == "all"
            or (cut.people == "played" and (player.played or marked))
            or (cut.people == "now" and (player.on or marked))
            or (cut.people == "marked" and marked)
        ):
            yield player


def _short(text: str, most: int) -> str:
    """Return a text without characters that can't be printed, cut where it is too long."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "."
