"""Admission: which keys may connect, and which requests are answered. Pure.

| a key that connects                                  | outcome                                   |
|------------------------------------------------------|-------------------------------------------|
| of a peer that takes part, or was vouched for        | admitted at once, also without the broker |
| of a peer that is revoked                            | refused at once                           |
| refused by the broker within `REFUSAL_SECONDS`       | refused                                   |
| any other                                            | held; the host asks the broker            |
| the broker vouches for it                            | admitted                                  |
| the broker refuses it, and every event is served     | refused                                   |
| the broker gives no answer, or knows no lease of     | held until the authenticator drops it;    |
| this host, or too many keys are pending              | the peer connects again                   |

| a frame on the ROUTER                                | outcome                                   |
|------------------------------------------------------|-------------------------------------------|
| its routing id is not bound to its connection's key  | WRONG_KEY                                 |
| its key is over the rate                             | OVERLOADED                                |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from ...protocol import keys as protocol_keys
from ...protocol.errors import (
    EnvironmentFault,
    NotAllowed,
    Overloaded,
    PeerError,
)
from ...protocol.messages import Vouch, Vouched
from ...runtime.rate_limit import RateLimiter, TokenBucket
from ..link.core import Reply, Then

REQUEST_RATE, REQUEST_BURST = 100.0, 1_000
"""Requests a second that one key may keep up, and the most at once after a quiet time: a gateway
that follows hundreds of events pings for each of them."""

REPLAY_COST = 10
"""The requests that a replay counts for: its answer may be a whole feed."""

UNKNOWN_RATE, UNKNOWN_BURST = 1.0, 30
"""Unknown tokens a second that one key may present, and at once; the host asks the broker about
each."""

ASK_RATE, ASK_BURST = 150.0, 1_500
"""Requests a second to the broker on behalf of all peers, and at once. The broker limits its hosts
as well, and unknown peers that connect must not cost a host its leases."""

REPLY_RATE, REPLY_BURST = 10.0, 100
"""Refusals a second that are sent to one key, and at once; further frames are dropped without a
reply, so that a flood is not answered with a flood."""

REFUSAL_SECONDS = 5.0
"""How long the broker is not asked again about a key that it refused."""

MOST_REFUSED = 10_000
"""The most refused keys that are remembered; the oldest are forgotten."""

MOST_VOUCHED = 65_536
"""The most vouched keys that are remembered; the broker is asked about the oldest again."""


class PendingPeers:
    """The keys that may connect, and those about which the broker is asked.

    The authenticator's thread calls `decide`, the host's thread everything else.

    Args:
        ask: sends `vouch` to the broker, with the callback for the answer.
        resolve: tells the authenticator whether a key that it holds is admitted.
        wake: wakes the host's thread, since a key is pending; called in the authenticator's.
        may_ask: returns whether the broker may be asked once more (now, monotonic seconds).
        serving: returns whether every event is served; before that, the broker can't know which
            peers to vouch for.
    """

    def __init__(
        self,
        ask: Callable[[Vouch, Then], None],
        resolve: Callable[[bytes, bool], object],
        wake: Callable[[], object],
        may_ask: Callable[[float], bool],
        serving: Callable[[], bool],
    ) -> None:
        self._ask = ask
        self._resolve = resolve
        self._wake = wake
        self._may_ask = may_ask
        self._serving = serving
        self._known: set[bytes] = set()
        self._barred: set[bytes] = set()
        self._vouched: dict[bytes, str] = {}  # by key, the oldest first: the peer's id
        self._refused: dict[bytes, float] = {}  # by key, the oldest first: until when
        self._pending: deque[bytes] = deque()
        self._asking: set[bytes] = set()

    def decide(self, key: bytes) -> bool | None:
        """Return whether a CURVE key is admitted; None where `resolve` will be called with it."""
        if key in self._barred:
            return False
        if key in self._known:
            return True
        self._pending.append(key)
        self._wake()
        return None

    def admit(self, keys: Iterable[bytes]) -> None:
        """Admit the keys of peers that take part."""
        for key in keys:
            self._vouched.pop(key, None)
            if key not in self._known and key not in self._barred:
                self._known.add(key)
                self._resolve(key, True)  # the authenticator may hold it

    def revoke(self, keys: Iterable[bytes], peers: Iterable[str]) -> bool:
        """Stop admitting keys and peers; return whether one of them may be connected.

        Args:
            keys: CURVE keys of peers that take part.
            peers: ids of peers that the broker may have vouched for.
        """
        out = set(peers)
        keys = {*keys, *(key for key, peer in self._vouched.items() if peer in out)}
        connected = bool(keys & self._known)
        self._barred |= keys
        self._known -= keys
        for key in keys:
            self._vouched.pop(key, None)
        return connected

    def handle(self, now: float) -> None:
        """Ask the broker about the pending keys."""
        while self._pending:
            key = self._pending.popleft()
            if key in self._known or key in self._barred:
                self._resolve(key, key in self._known)
            elif self._refused.get(key, 0.0) > now:
                self._resolve(key, False)
            elif key not in self._asking and self._may_ask(now):
                try:
                    self._ask(Vouch(id=0, curve=key), partial(self._answered, key))
                except Overloaded:
                    continue  # the link is full; the peer connects again
                self._asking.add(key)

    def _answered(self, key: bytes, reply: Reply, now: float) -> None:
        self._asking.discard(key)
        if isinstance(reply, Vouched) and reply.curve == key and key not in self._barred:
            self._vouched[key] = reply.peer
            self._known.add(key)
            self._forget()
            self._resolve(key, True)
        elif not isinstance(reply, EnvironmentFault | Overloaded | NotAllowed) and self._serving():
            # NotAllowed is about this host: its lease has lapsed while it or the broker was away,
            # and it is asking for the lease again.
            while len(self._refused) >= MOST_REFUSED:
                del self._refused[next(iter(self._refused))]
            self._refused[key] = now + REFUSAL_SECONDS
            self._resolve(key, False)

    def _forget(self) -> None:
        while len(self._vouched) > MOST_VOUCHED:
            key = next(iter(self._vouched))
            del self._vouched[key]
            self._known.discard(key)


class HostRequestLimiter:
    """The limits of requests by key, and of the requests to the broker that follow from them."""

    def __init__(self) -> None:
        self._requests = RateLimiter(REQUEST_RATE, REQUEST_BURST)
        self._unknown = RateLimiter(UNKNOWN_RATE, UNKNOWN_BURST)
        self._replies = RateLimiter(REPLY_RATE, REPLY_BURST)
        self._asks = TokenBucket(ASK_RATE, ASK_BURST)

    def refusal(self, routing_id: bytes, curve: bytes, now: float) -> PeerError | None:
        """Return why a frame is refused; None where it is not.

        Args:
            routing_id: of the connection that the frame came over.
            curve: the CURVE key of that connection; empty where nothing is encrypted.
            now: monotonic seconds.
        """
        if wrong := protocol_keys.misrouted(routing_id, curve):
            return wrong
        if not self._requests.take(curve or routing_id, 1, now):
            return Overloaded(f"more than {REQUEST_RATE:g} requests a second; try again later")
        return None

    def may_reply(self, routing_id: bytes, curve: bytes, now: float) -> bool:
        """Return whether a refused frame may be answered."""
        return self._replies.take(curve or routing_id, 1, now)

    def check_replay(self, routing_id: bytes, curve: bytes, now: float) -> None:
        """Count a replay as `REPLAY_COST` requests.

        Raises:
            Overloaded: the key is over its rate.
        """
        if not self._requests.take(curve or routing_id, REPLAY_COST - 1, now):
            raise Overloaded(
                f"more than {REQUEST_RATE / REPLAY_COST:g} replays a second; try again later"
            )

    def check_offer(
        self, routing_id: bytes, curve: bytes, reports: int, questions: int, now: float
    ) -> None:
        """Count an offer as a request for each report, whose signature has to be verified, and as a
        replay for each reporter about whom the broker has to be asked; at most as half of what a
        key may ask at once, so that it can offer whatever an offer may hold.

        Raises:
            Overloaded: the key is over its rate, or the broker is asked about too much else.
        """
        cost = max(REPLAY_COST, reports + REPLAY_COST * questions)
        # The frame itself was counted before.
        if not self._requests.take(curve or routing_id, min(cost, REQUEST_BURST // 2) - 1, now):
            raise Overloaded(f"more than {REQUEST_RATE:g} reports a second; try again later")
        if not self._asks.take(questions, now):
            raise Overloaded("the broker is being asked about too much else; try again later")

    def check_unknown_token(self, routing_id: bytes, curve: bytes, now: float) -> None:
        """Count an unknown token.

        Raises:
            Overloaded: this key, or all keys together, presented too many.
        """
        if not self._unknown.take(curve or routing_id, 1, now):
            raise Overloaded(f"more than {UNKNOWN_RATE:g} unknown tokens a second; try again later")
        if not self.may_ask(now):
            raise Overloaded(
                "the broker is being asked about too many other tokens; try again later"
            )

    def may_ask(self, now: float) -> bool:
        """Return whether the broker may be asked once more on behalf of a peer."""
        return self._asks.take(1, now)


class AdaptiveBatch:
    """The number of frames that are taken from a socket in a turn: fewer while most are refused, so
    that a flood does not hold up other peers.

    Args:
        most: the frames of a turn in which few are refused.
        least: the frames of a turn in a flood.
    """

    def __init__(self, most: int, least: int) -> None:
        self._most = most
        self._least = least
        self.frames = most
        """The frames to take in the next turn."""

    def adapt(self, taken: int, refused: int) -> None:
        """Set the frames of the next turn from those taken and refused in this one."""
        if taken == self.frames and 2 * refused > taken:
            self.frames = max(self._least, self.frames // 4)
        else:
            self.frames = min(self._most, 2 * self.frames)
