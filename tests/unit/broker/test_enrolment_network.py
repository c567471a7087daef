"""What the broker tells hosts of where a key came from: a digest for one event, and no address."""

from __future__ import annotations

from typing import Any

from touchline.protocol import codec, messages

from .conftest import identity
from .test_core import join, lease


def network(bench: Any, event: str, name: str) -> str:
    """Return what the host of an event, ann, learns of the address of somebody who joins."""
    token = bench.ask(name, join(event, "reporter")).token
    grant = bench.ann(messages.Verify(id=1, token=token))
    assert not any(each in codec.encode(grant).decode("latin-1") for each in ("10.0", "2001"))
    return str(grant.network)


def test_keys_of_one_address(bench: Any) -> None:
    """Keys that enrolled from one address have one digest in an event, and another one in the
    next; the networks of others have others. The addresses of later connections change nothing."""
    bench.addresses = {"kim": "10.0.0.1", "kai": "10.0.0.1", "lee": "10.0.0.2"}
    bench.addresses |= {"six": "2001:db8::1:1", "sis": "2001:db8::2:2"}
    for name in bench.addresses:
        bench.hello(name)
    bench.addresses["kim"] = "10.0.0.2"
    bench.hello("kim")
    event, other = bench.event(), bench.event("Else")
    bench.ann(lease(event))
    bench.ann(lease(other))
    kim, kai, lee, six, sis = (network(bench, event, name) for name in bench.addresses)
    assert kim == kai
    assert six == sis
    assert len({kim, lee, six, ""}) == 4
    assert network(bench, other, "kim") not in {kim, lee, ""}


def test_people_of_a_gateway(bench: Any) -> None:
    """A gateway on the broker's machine, or one that it names, tells its people apart; from
    elsewhere nobody makes two addresses of one."""
    bench.set(gateways=("10.0.0.9",))
    came = {
        "kim": ("127.0.0.1", "home"), "kai": ("127.0.0.1", "home"), "lee": ("127.0.0.1", "bus"),
        "may": ("::1", "home"), "mia": ("::1", "bus"),
        "ned": ("10.0.0.9", "home"), "nia": ("10.0.0.9", "bus"),
        "pat": ("10.0.0.1", "home"), "pia": ("10.0.0.1", "bus"),
    }  # fmt: skip
    for name, (address, behind) in came.items():
        bench.addresses[name] = address
        bench.hello(name, behind=behind)
    event = bench.event()
    bench.ann(lease(event))
    found = {name: network(bench, event, name) for name in came}
    assert found["kim"] == found["kai"] != found["lee"]
    assert found["may"] != found["mia"]
    assert found["ned"] != found["nia"]
    assert found["pat"] == found["pia"]


def test_a_key_that_is_raised(bench: Any) -> None:
    """A key that gets a higher role by an invitation came when and where it got that."""
    bench.set(open_role="viewer", operators=(identity("ann").public,))
    bench.addresses = {"kim": "10.0.0.1", "kai": "10.0.0.2"}
    bench.hello("kim")
    bench.hello("kai")
    code = bench.ann(messages.Invite(id=1, role="reporter", uses=2, seconds=60.0)).code
    bench.addresses["kim"] = "10.0.0.2"
    bench.hello("kim", invite=code)
    bench.hello("kai", invite=code)
    event = bench.event()
    bench.ann(lease(event))
    assert network(bench, event, "kim") == network(bench, event, "kai") != ""


def test_a_key_of_no_known_address(bench: Any) -> None:
    """Of a key that a release before enrolled, or that came in plain text, nothing is said."""
    event = bench.event()
    bench.ann(lease(event))
    assert network(bench, event, "bob") == ""
