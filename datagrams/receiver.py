"""What a client makes of the datagrams: lines for people, and lines of its logs. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from math import inf
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from . import texts
from .statistics import Statistics

_Count = Annotated[int, Meta(ge=0, le=2**53)]


class DatagramMessage(Struct, frozen=True, kw_only=True):
    """The action of a datagram."""

    count: _Count
    score: str = ""
    content: str = ""
    type: str = ""
    time_passed: float | str = 0


class DatagramPlayer(Struct, frozen=True, kw_only=True):
    """A player, or another person of one side; `tempo_gols` are minutes."""

    nome: str
    time: str = ""
    posicao: str = ""
    cartao_vermelho: bool | int = False
    gols: int = 0
    tempo_gols: list[float | str] = field(default_factory=list)
    tempo_cv: float | str | None = None


class DatagramKeeper(Struct, frozen=True, kw_only=True):
    """A goalkeeper."""

    nome: str = ""
    time: str = ""


class Datagram(Struct, frozen=True, kw_only=True, rename={"side_a": "timeA", "side_b": "timeB"}):
    """A datagram, as our server or another one sends it."""

    message: DatagramMessage
    side_a: list[DatagramPlayer] = field(default_factory=list)
    side_b: list[DatagramPlayer] = field(default_factory=list)
    goleiroA: DatagramKeeper = field(default_factory=DatagramKeeper)  # noqa: N815  # the format's own name
    goleiroB: DatagramKeeper = field(default_factory=DatagramKeeper)  # noqa: N815  # the format's own name


_decode = msgspec.json.Decoder(Datagram).decode


@dataclass(frozen=True, slots=True)
class Received:
    """A received datagram.

    Args:
        lines: for people.
        log: the log to which it is written: `received` or `server`.
        text: the datagram as it came, with unprintable characters replaced.
        ended: whether it was the end of transmission.
    """

    lines: list[str]
    log: str
    text: str
    ended: bool = False


class Receiver:
    """The datagrams of one client.

    Args:
        language: the language of the lines; empty: as the server sends them.
    """

    def __init__(self, language: str = "") -> None:
        self.statistics = Statistics()
        self._language = language
        self._line_ups: list[str] = []

    def take(self, data: bytes) -> Received:
        """Take a datagram."""
        text = plain(data.decode("utf-8", "replace"))
        if data.strip() == texts.END.encode():
            return Received([texts.END], "server", text, ended=True)
        try:
            datagram = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.statistics.strange += 1
            return Received([f"the server sent: {text[:200]}"], "server", text)
        newest = self.statistics.take(datagram.message.count)
        return Received(self._lines(datagram, newest=newest), "received", text)

    def _lines(self, datagram: Datagram, *, newest: bool) -> list[str]:
        said = datagram.message
        minutes = said.time_passed
        minute = minutes if isinstance(minutes, str) else f"{minutes:.0f}"
        late = "" if newest else " (late)"
        line = f"{plain(minute):>4}'  {plain(self._content(datagram))}  [{plain(said.score)}]{late}"
        line_ups = line_up(datagram)
        if not newest or line_ups == self._line_ups:
            return [line]
        self._line_ups = line_ups
        return [*line_ups, line]

    def _content(self, datagram: Datagram) -> str:
        said = datagram.message
        if not self._language:
            return said.content
        people = [*datagram.side_a, *datagram.side_b]
        keepers = [datagram.goleiroA, datagram.goleiroB]
        teams = [one.time for one in keepers] + [one.time for one in people]
        names = [one.nome for one in keepers] + [one.nome for one in people]
        return texts.translate(self._language, said.type, said.content, teams, names)


def line_up(datagram: Datagram) -> list[str]:
    """Return both line-ups, a line each: `*` for each goal, `(red card)` after a player who was
    sent off.

    A server may name the goals and cards of the whole match in advance: only those of minutes that
    have passed are shown.
    """
    lines = []
    passed = _number(datagram.message.time_passed, inf)
    for people, keeper in (
        (datagram.side_a, datagram.goleiroA),
        (datagram.side_b, datagram.goleiroB),
    ):
        listed = [_name(one, passed) for one in people if one.nome]
        if keeper.nome and keeper.nome not in {one.nome for one in people}:
            listed.insert(0, plain(keeper.nome))
        team = keeper.time or (people[0].time if people else "")
        if listed:
            lines.append(f"{plain(team)}: {', '.join(listed)}")
    return lines


def _name(player: DatagramPlayer, passed: float) -> str:
    to_come = sum(_number(minute, -inf) >= passed for minute in player.tempo_gols)
    stars = "*" * min(max(player.gols - to_come, 0), 30)
    name = plain(player.nome) + (f" {stars}" if stars else "")
    off = player.cartao_vermelho and _number(player.tempo_cv, -inf) < passed
    return name + (" (red card)" if off else "")


def _number(minute: float | str | None, otherwise: float) -> float:
    try:
        return otherwise if minute is None else float(minute)
    except ValueError:
        return otherwise


def plain(text: str) -> str:
    """Return a text from the network without characters that a terminal would obey."""
    return "".join(
        "�" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in text
    )
