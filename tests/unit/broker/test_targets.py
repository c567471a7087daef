"""Where processes are scraped for metrics, as their hellos say."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.broker.repository import PEER_TARGETS, TargetRecord
from touchline.broker.targets import LISTED_SECONDS
from touchline.protocol import messages

from .conftest import SECOND, identity
from .test_core import refusal


def listed(bench: Any) -> list[tuple[str, str, str]]:
    """Return (name, process, address) of what is listed now."""
    since = bench.wall - round(LISTED_SECONDS * SECOND)
    with bench.registry.begin(write=False) as repository:
        found: list[TargetRecord] = repository.targets(since)
    return [(one.name, one.process, one.address) for one in found]


def invited(bench: Any, *names: str) -> None:
    """Enrol peers by invitations of the operator eve, from an address each."""
    bench.set(operators=(identity("eve").public,), enrolment="invited")
    for n, name in enumerate(names, 1):
        bench.addresses[name] = f"10.0.0.{n}"
        code = bench.eve(messages.Invite(id=1, role="host")).code
        bench.hello(name, invite=code)


def test_listed_as_it_says(bench: Any) -> None:
    """An invited host is listed under its address; it moves, leaves, and others stay."""
    invited(bench, "kim", "lee")
    bench.hello("kim", process="host", metrics="metrics.example:9670")
    bench.hello("lee", process="gateway", metrics="10.9.0.2:9672")
    assert listed(bench) == [
        ("lee", "gateway", "10.9.0.2:9672"),
        ("kim", "host", "metrics.example:9670"),
    ]
    bench.hello("kim", process="host", metrics="[2001:db8::1]:9671")
    assert ("kim", "host", "[2001:db8::1]:9671") in listed(bench)
    bench.hello("kim")  # another of its processes, which says nothing of metrics
    assert len(listed(bench)) == 2
    bench.hello("kim", process="host")
    assert listed(bench) == [("lee", "gateway", "10.9.0.2:9672")]


@pytest.mark.parametrize("host", ["*", "0.0.0.0", "[::]", "127.0.0.1", "localhost", "[::1]"])
def test_where_it_comes_from(bench: Any, host: str) -> None:
    """All interfaces, and the peer's own machine, are where the connection comes from."""
    invited(bench, "kim", "six")
    bench.addresses["six"] = "2001:db8::7"
    bench.hello("kim", process="host", metrics=f"{host}:9670")
    bench.hello("six", process="host", metrics=f"{host}:9670")
    assert sorted(one[2] for one in listed(bench)) == ["10.0.0.1:9670", "[2001:db8::7]:9670"]


def test_nobody_has_prometheus_ask_others(bench: Any) -> None:
    """A host that came in without an invitation is listed where it is, whatever it says; one with a
    lesser role not at all."""
    bench.addresses |= {"kim": "10.0.0.1", "lee": "127.0.0.1"}
    bench.hello("kim", process="host", metrics="169.254.169.254:80")
    bench.hello("lee", process="host", metrics="10.0.0.9:9670")
    assert listed(bench) == sorted(
        [("kim", "host", "10.0.0.1:80"), ("lee", "host", "127.0.0.1:9670")],
        key=lambda one: identity(one[0]).peer,
    )
    bench.set(open_role="reporter")
    bench.hello("may", process="host", metrics="10.0.0.9:9670")
    assert len(listed(bench)) == 2


def test_not_for_ever(bench: Any) -> None:
    """A process that says nothing for an hour is not listed, nor is one of a revoked peer."""
    invited(bench, "kim", "lee")
    for name in ("kim", "lee"):
        bench.hello(name, process="host", metrics="*:9670")
    bench.wait(LISTED_SECONDS - 1)
    bench.hello("lee", process="host", metrics="*:9670")
    bench.wait(2)
    assert [one[0] for one in listed(bench)] == ["lee"]
    bench.eve(messages.Revoke(id=1, peer=identity("lee").peer))
    assert listed(bench) == []


@pytest.mark.parametrize(
    ("process", "metrics"),
    [
        ("Host", "a:1"),
        ("x" * 33, "a:1"),
        ("ho/st", "a:1"),
        ("host", "a b"),
        ("host", "http://a/x"),
        ("host", "a:0"),
        ("host", "a:70000"),
        ("host", "a:1\n"),
    ],
)
def test_what_is_no_address(bench: Any, process: str, metrics: str) -> None:
    """It is refused, and nothing is listed."""
    invited(bench, "kim")
    if metrics.endswith("\n"):
        metrics = f"a\nb{metrics}"
    assert refusal(bench.hello("kim", process=process, metrics=metrics)) == "BAD_MESSAGE"
    assert listed(bench) == []


def test_a_hello_of_before(bench: Any) -> None:
    """A peer of a release that knew no metrics says hello as it did, and is not listed."""
    assert isinstance(bench.hello("kim"), messages.Welcome)
    assert listed(bench) == []


def test_a_peer_that_says_many(bench: Any) -> None:
    """Of one peer the newest few are kept, so that no key fills the records or the list; and what
    peers without an invitation say comes last."""
    bench.hello("ann", process="host", metrics="10.0.0.9:9670")
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(PEER_TARGETS + 5):
        bench.wall += SECOND
        bench.hello("bob", process=f"a{letters[number]}", metrics="10.0.0.8:9670")
    assert [one[0] for one in listed(bench)].count("bob") == PEER_TARGETS
    assert ("bob", "aa", "10.0.0.8:9670") not in [
        (n, p, "10.0.0.8:9670") for n, p, _ in listed(bench)
    ]
    assert "ann" in [one[0] for one in listed(bench)]
    bench.set(operators=(identity("eve").public,))
    code = bench.eve(messages.Invite(id=1, role="host")).code
    bench.hello("zoe", invite=code)
    bench.hello("zoe", process="zoo", metrics="10.0.0.7:9670")
    assert listed(bench)[0][:2] == ("zoe", "zoo")
