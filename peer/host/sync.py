"""With `--sync`: what a turn leads to waits until a copy has the turn. Pure.

    LEVEL ──stored──▶ BEHIND ──2 s without an acknowledgement──▶ STALLED ──bound──▶ ALONE
      ▲ ▲               │ ▲                                        │ │               │
      │ └──all acknowledged └──────── some acknowledged ───────────┘ │               │
      └───────────────────────── all acknowledged ───────────────────┴───────────────┘

`TABLE` is the whole of it: it maps a state and an input to the next state and the effects. A pair
that is not in the table is refused and changes nothing.

While the host is STALLED it takes nothing in: its reporters keep what they say. ALONE it sends
without a copy, until one has all again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Generic, TypeVar

T = TypeVar("T")

STALL_SECONDS = 2.0
"""How long an acknowledgement may take before the host takes nothing in any more."""


class SyncState(Enum):
    """How what is stored here stands with the copies."""

    LEVEL = auto()
    """A copy has all."""
    BEHIND = auto()
    """Something waits for a copy."""
    STALLED = auto()
    """It has waited for too long; nothing is taken in."""
    ALONE = auto()
    """It has waited for as long as it may; nothing waits until a copy has all again."""


class SyncInput(Enum):
    """What can happen."""

    STORED = auto()
    """A turn is on the disk of this host."""
    SOME = auto()
    """A copy has some of what waits."""
    ALL = auto()
    """A copy has all."""
    DUE = auto()
    """The timer of the state is due."""


class SyncEffect(Enum):
    """What a transition does besides changing the state."""

    BEGIN = auto()
    """The wait begins."""
    RESTART = auto()
    """The wait for the first of what is left begins."""
    END = auto()
    """Nothing is waited for."""
    LET_GO = auto()
    """What waits is sent without a copy."""


Transition = tuple[SyncState, tuple[SyncEffect, ...]]

TABLE: Mapping[SyncState, Mapping[SyncInput, Transition]] = {
    SyncState.LEVEL: {
        SyncInput.STORED: (SyncState.BEHIND, (SyncEffect.BEGIN,)),
        SyncInput.ALL: (SyncState.LEVEL, ()),
    },
    SyncState.BEHIND: {
        SyncInput.STORED: (SyncState.BEHIND, ()),
        SyncInput.SOME: (SyncState.BEHIND, (SyncEffect.RESTART,)),
        SyncInput.ALL: (SyncState.LEVEL, (SyncEffect.END,)),
        SyncInput.DUE: (SyncState.STALLED, ()),
    },
    SyncState.STALLED: {
        SyncInput.STORED: (SyncState.STALLED, ()),
        SyncInput.SOME: (SyncState.BEHIND, (SyncEffect.RESTART,)),
        SyncInput.ALL: (SyncState.LEVEL, (SyncEffect.END,)),
        SyncInput.DUE: (SyncState.ALONE, (SyncEffect.LET_GO,)),
    },
    SyncState.ALONE: {
        SyncInput.STORED: (SyncState.ALONE, ()),
        SyncInput.ALL: (SyncState.LEVEL, (SyncEffect.END,)),
    },
}


@dataclass(slots=True)
class WaitingTurn(Generic[T]):
    """What one turn of the host's loop has led to.

    Args:
        needs: the turn of each event that a copy has to have.
        content: what is to be sent.
    """

    needs: dict[str, int]
    content: T


class SyncGate(Generic[T]):
    """Keeps what turns lead to, in their order, until a copy has these turns.

    Args:
        bound: seconds after which it is sent without; 0: never.
    """

    def __init__(self, bound: float) -> None:
        self.state = SyncState.LEVEL
        self._bound = bound or inf
        self._waiting: deque[WaitingTurn[T]] = deque()
        self._since = inf  # monotonic: when the wait began

    @property
    def stalled(self) -> bool:
        """Whether nothing is to be taken in."""
        return self.state is SyncState.STALLED

    @property
    def alone(self) -> bool:
        """Whether no copy is waited for."""
        return self.state is SyncState.ALONE

    @property
    def waiting(self) -> int:
        """How many turns wait."""
        return len(self._waiting)

    def hold(self, needs: dict[str, int], content: T, now: float) -> list[T]:
        """Keep what a turn has led to; return what can be sent at once.

        Args:
            needs: the turn of each event that it stored; empty where it stored nothing.
            content: what it has led to.
            now: monotonic seconds.
        """
        if needs:
            self._step(SyncInput.STORED, now)
        if self.state is SyncState.ALONE or not (needs or self._waiting):
            return [content]
        self._waiting.append(WaitingTurn(needs, content))
        return []

    def acknowledged(self, turns: Mapping[str, int], now: float, *, level: bool) -> list[T]:
        """Return what can be sent, since copies have turns.

        Args:
            turns: the newest of each event that a copy has.
            now: monotonic seconds.
            level: whether these are all.
        """
        released: list[T] = []
        while self._waiting:
            first = self._waiting[0]
            if any(turns.get(event, 0) < turn for event, turn in first.needs.items()):
                break
            released.append(self._waiting.popleft().content)
        if level and not self._waiting:
            self._step(SyncInput.ALL, now)
        elif released:
            self._step(SyncInput.SOME, now)
        return released

    def forget(self, event: str) -> None:
        """Wait for no turn of an event that is no longer served here."""
        for turn in self._waiting:
            turn.needs.pop(event, None)

    def next_timer(self) -> float:
        """Return when `handle_timer` is due (monotonic seconds)."""
        wait = {SyncState.BEHIND: STALL_SECONDS, SyncState.STALLED: self._bound}
        return self._since + wait.get(self.state, inf)

    def handle_timer(self, now: float) -> list[T]:
        """Do what is due; return what is to be sent."""
        released: list[T] = []
        while self.next_timer() <= now:
            self._step(SyncInput.DUE, now, released)
        return released

    def _step(self, found: SyncInput, now: float, released: list[T] | None = None) -> None:
        transition = TABLE[self.state].get(found)
        if transition is None:
            return
        self.state, effects = transition
        for effect in effects:
            match effect:
                case SyncEffect.BEGIN | SyncEffect.RESTART:
                    self._since = now
                case SyncEffect.END:
                    self._since = inf
                case SyncEffect.LET_GO:
                    self._since = inf
                    waiting = [turn.content for turn in self._waiting]
                    self._waiting.clear()
                    if released is not None:
                        released += waiting
