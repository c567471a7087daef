from __future__ import annotations

import os

import pytest

from touchline.broker.admission import REPLY_BURST, RequestLimiter
from touchline.broker.options import Options
from touchline.protocol import keys
from touchline.protocol.errors import BadMessage, Overloaded, PeerError, WrongKey

from .conftest import identity

ANN, EVE = identity("ann").curve_public, identity("eve").curve_public
ROUTE = keys.routing_id(ANN, b"r" * 16)


def judge(
    gate: RequestLimiter, routing_id: bytes = ROUTE, curve: bytes = ANN, **more: float
) -> object:
    given = {"frames": 1, "waiting": 0, "now": 0.0, **more}
    found = gate.refusal(
        routing_id, curve, int(given["frames"]), int(given["waiting"]), given["now"]
    )
    assert found is None or isinstance(found, PeerError)
    return type(found)


def test_the_routing_id_is_the_keys() -> None:
    """A frame under a routing id that begins as another key's, or as nobody's, is refused."""
    gate = RequestLimiter(Options())
    assert judge(gate) is type(None)
    for routing_id in (keys.routing_id(EVE, b"r" * 16), b"", b"\1", ROUTE[1:], os.urandom(5)):
        assert judge(gate, routing_id) is WrongKey
    assert judge(gate, ROUTE[:13]) is type(None)
    assert judge(gate, b"anything", b"") is type(None)


@pytest.mark.parametrize("curve", [ANN, b""], ids=["secure", "plain"])
def test_the_rate(curve: bytes) -> None:
    """A key over its rate is refused and counted, on all its connections; others are not. In
    plain text each connection has a rate of its own."""
    gate = RequestLimiter(Options(request_rate=2, request_burst=3))
    other = keys.routing_id(ANN, b"other" * 4)
    assert [judge(gate, ROUTE, curve) for _ in range(4)] == [type(None)] * 3 + [Overloaded]
    assert judge(gate, other, curve) is (Overloaded if curve else type(None))
    assert judge(gate, keys.routing_id(EVE, b"e" * 16), EVE) is type(None)
    assert gate.rate_limited == (2 if curve else 1)
    assert judge(gate, ROUTE, curve, now=0.5) is type(None)


def test_what_is_no_request() -> None:
    """A message of no frame or several, and any while too many wait, are refused."""
    gate = RequestLimiter(Options(queue=7))
    assert judge(gate, frames=0) is BadMessage
    assert judge(gate, frames=2) is BadMessage
    assert judge(gate, waiting=6) is type(None)
    assert judge(gate, waiting=7) is Overloaded


def test_a_flood_is_not_answered_with_a_flood() -> None:
    """One key is told so many refusals at once, and goes on being told some."""
    gate = RequestLimiter(Options())
    assert sum(gate.may_reply(ROUTE, ANN, 0.0) for _ in range(9 * REPLY_BURST)) == REPLY_BURST
    assert gate.may_reply(ROUTE, EVE, 0.0)
    assert gate.may_reply(ROUTE, ANN, 1.0)
