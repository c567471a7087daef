"""A snapshot as one datagram, shortened until it fits. Pure.

Existing clients read 4,096 bytes, and would lose the end of a longer datagram.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from .snapshots import SUBSTITUTE, MatchSnapshot, SnapshotPlayer, SnapshotSide

MOST_BYTES = 4_095
"""The most bytes of a datagram."""

MOST_GOALS = 10
"""The most goals of a player whose minutes are listed; the newest."""

MOST_PEOPLE = 30
"""The most people of one side that are listed."""


NOBODY = SnapshotPlayer("", SUBSTITUTE, on=False, played=False)
"""Stands in the shorter list, so that both are equally long."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How much a datagram holds.

    Args:
        people: `all`; those who `played`; those who play `now`, or have goals or a red card; those
            who have goals or a red card (`marked`); `none`.
        name: the most characters of a name.
        text: the most characters of a sentence.
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
"""The ways to shorten a datagram, in the order in which they are tried; the last always fits."""


def pack(snapshot: MatchSnapshot) -> bytes:
    """Return a snapshot as a datagram, with as much as fits."""
    for cut in CUTS:
        packed = msgspec.json.encode(_plain(snapshot, cut))
        if len(packed) <= MOST_BYTES:
            return packed
    raise AssertionError(f"snapshot {snapshot.count} can't be cut to {MOST_BYTES:,} bytes")


def _plain(snapshot: MatchSnapshot, cut: Cut) -> dict[str, object]:
    first, second = snapshot.sides
    listed = [_people(first, cut), _people(second, cut)]
    most = max(map(len, listed))
    for side, people in zip(snapshot.sides, listed, strict=True):
        # Existing clients pair both lists, and would drop the rest of the longer one.
        people.extend([_player(NOBODY, side, cut)] * (most - len(people)))
    return {
        "message": {
            "count": snapshot.count,
            "score": _short(snapshot.score, cut.text),
            "content": _short(snapshot.content, cut.text),
            "type": _short(snapshot.type, min(cut.text, 40)),
            "time_passed": snapshot.minutes,
        },
        "timeA": listed[0],
        "timeB": listed[1],
        "goleiroA": _keeper(first, cut),
        "goleiroB": _keeper(second, cut),
    }


def _keeper(side: SnapshotSide, cut: Cut) -> dict[str, object]:
    return {"nome": _short(side.keeper, cut.name), "time": _short(side.name, cut.name)}


def _people(side: SnapshotSide, cut: Cut) -> list[dict[str, object]]:
    # Existing clients show the goalkeeper besides; a goal or a red card is shown here alone.
    listed = [
        player
        for player in _listed(side.people, cut)
        if player.name != side.keeper or _is_marked(player)
    ]
    if len(listed) > MOST_PEOPLE:
        listed.sort(key=_is_marked, reverse=True)
    return [_player(player, side, cut) for player in listed[:MOST_PEOPLE]]


def _player(player: SnapshotPlayer, side: SnapshotSide, cut: Cut) -> dict[str, object]:
    return {
        "nome": _short(player.name, cut.name),
        "time": _short(side.name, cut.name),
        "posicao": player.position,
        "cartao_vermelho": player.red is not None,
        "gols": len(player.goals),
        "tempo_gols": list(player.goals[-MOST_GOALS:]),
        "tempo_cv": player.red,
    }


def _listed(people: Iterable[SnapshotPlayer], cut: Cut) -> Iterable[SnapshotPlayer]:
    for player in people:
        marked = _is_marked(player)
        if (
            cut.people == "all"
            or (cut.people == "played" and (player.played or marked))
            or (cut.people == "now" and (player.on or marked))
            or (cut.people == "marked" and marked)
        ):
            yield player


def _is_marked(player: SnapshotPlayer) -> bool:
    return bool(player.goals) or player.red is not None


def _short(text: str, most: int) -> str:
    """Return a text without unprintable characters, cut where it is too long."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "."
