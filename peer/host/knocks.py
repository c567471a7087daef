"""Who may connect to a host: those who take part, and those for whom the broker vouches. Pure.

| a key that knocks                                   | what follows                               |
|-----------------------------------------------------|--------------------------------------------|
| of somebody who takes part, or was vouched for      | let in at once, also without the broker    |
| of somebody revoked                                 | refused at once                            |
| refused by the broker just now                      | refused                                    |
| any other                                           | held; the broker is asked                  |
| the broker vouches                                  | let in                                     |
| the broker refuses, and every event is served       | refused                                    |
| it gives no answer, or knows of no lease of ours, or| held until the door sends it off; it knocks|
| too many are asked about                            | again                                      |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ...protocol import messages
from ...protocol.errors import EnvironmentFault, NotAllowed, Overloaded, TouchlineError
from ...protocol.messages import Vouch, Vouched

REFUSAL_SECONDS = 5.0
"""For how long the broker is not asked again about a key that it refused."""

MOST_REFUSED = 10_000
"""Refused keys that are remembered; the oldest are forgotten."""

MOST_VOUCHED = 65_536
"""Keys remembered of those that the broker vouched for; the oldest are asked about again."""


class PendingPeers:
    """The keys that are let in, and those that are asked about.

    `judge` is called in the door's thread, everything else in the host's.

    Args:
        ask: sends `vouch` to the broker; returns the request's number.
        settle: tells the door whether a key that it holds is let in.
        wake: tells the host's thread that there is something to ask; called in the door's.
        may_ask: whether the broker may be asked one thing more (now, monotonic seconds).
    """

    def __init__(
        self,
        ask: Callable[[Vouch], int],
        settle: Callable[[bytes, bool], object],
        wake: Callable[[], object],
        may_ask: Callable[[float], bool],
    ) -> None:
        self._ask = ask
        self._settle = settle
        self._wake = wake
        self._may_ask = may_ask
        self._known: set[bytes] = set()
        self._barred: set[bytes] = set()
        self._vouched: dict[bytes, str] = {}  # by key, the oldest first: who it is
        self._refused: dict[bytes, float] = {}  # until when, the oldest first
        self._knocking: deque[bytes] = deque()
        self._asked: dict[int, bytes] = {}
        self._asking: set[bytes] = set()

    def judge(self, key: bytes) -> bool | None:
        """Tell whether a CURVE key is let in; None where `settle` will say."""
        if key in self._barred:
            return False
        if key in self._known:
            return True
        self._knocking.append(key)
        self._wake()
        return None

    def admit(self, keys: Iterable[bytes]) -> None:
        """Let keys in from now on: their holders take part."""
        for key in keys:
            self._vouched.pop(key, None)
            if key not in self._known and key not in self._barred:
                self._known.add(key)
                self._settle(key, True)  # it may be held

    def revoke(self, keys: Iterable[bytes], peers: Iterable[str]) -> bool:
        """Let keys and peers in no more; tell whether one may be in.

        Args:
            keys: CURVE keys of those who take part.
            peers: ids of those who may have been vouched for.
        """
        out = set(peers)
        keys = {*keys, *(key for key, peer in self._vouched.items() if peer in out)}
        inside = bool(keys & self._known)
        self._barred |= keys
        self._known -= keys
        for key in keys:
            self._vouched.pop(key, None)
        return inside

    def handle(self, now: float) -> None:
        """Ask the broker who knocks."""
        while self._knocking:
            key = self._knocking.popleft()
            if key in self._known or key in self._barred:
                self._settle(key, key in self._known)
            elif self._refused.get(key, 0.0) > now:
                self._settle(key, False)
            elif key not in self._asking and self._may_ask(now):
                try:
                    number = self._ask(Vouch(id=0, curve=key))
                except Overloaded:
                    continue  # the link is full; it will knock again
                self._asking.add(key)
                self._asked[number] = key

    def answered(
        self,
        number: int,
        reply: messages.BrokerReply | TouchlineError,
        now: float,
        *,
        serving: bool,
    ) -> bool:
        """Take the broker's answer; False where it was not to a question of this kind.

        Args:
            number: of the request.
            reply: the answer.
            now: monotonic seconds.
            serving: every event is served; before that the broker can't know whose guests to
                vouch for.
        """
        key = self._asked.pop(number, None)
        if key is None:
            return False
        self._asking.discard(key)
        if isinstance(reply, Vouched) and reply.curve == key and key not in self._barred:
            self._vouched[key] = reply.peer
            self._known.add(key)
            self._forget()
            self._settle(key, True)
        elif not isinstance(reply, EnvironmentFault | Overloaded | NotAllowed) and serving:
            # (NotAllowed is about ourselves: our lease has lapsed while we, or the broker, were
            # away, and is being asked for.)
            while len(self._refused) >= MOST_REFUSED:
                del self._refused[next(iter(self._refused))]
            self._refused[key] = now + REFUSAL_SECONDS
            self._settle(key, False)
        return True

    def _forget(self) -> None:
        while len(self._vouched) > MOST_VOUCHED:
            key = next(iter(self._vouched))
            del self._vouched[key]
            self._known.discard(key)
