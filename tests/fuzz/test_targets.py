"""Whatever comes in, nothing but documented errors comes of it; `make fuzz` goes on for longer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import NAMES
from tests.fuzz.targets import TARGETS, Broker, Files, Hosting, Journals, Target
from touchline.peer.host.event.event import HostedEvent
from touchline.protocol import codec
from touchline.protocol.errors import BadMessage

INPUTS = 1_500


def _altered(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return inputs that are nearly right: a seed with a piece of it replaced."""

    def alter(seed: bytes, place: int, length: int, piece: bytes) -> bytes:
        start = place % (len(seed) + 1)
        return seed[:start] + piece + seed[start + length :]

    numbers = st.integers(0, 2**16)
    seed = st.sampled_from(seeds)
    return st.builds(alter, seed, numbers, st.integers(0, 8), st.binary(max_size=16)) | seed


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_documented_errors(name: str) -> None:
    """Bytes of any kind, and messages that are nearly right, do no harm."""
    target = TARGETS[name]()

    @settings(max_examples=INPUTS, suppress_health_check=list(HealthCheck))
    @given(_altered(target.seeds()) | st.binary(max_size=200))
    def feed(data: bytes) -> None:
        target.take(data)

    feed()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_get_somewhere(name: str) -> None:
    """The inputs to begin with are not all refused at once: each target does some work."""
    target = TARGETS[name]()
    _take_all(target)
    if isinstance(target, Broker):
        assert target._repository._events, "an event was created"
    elif isinstance(target, Hosting):
        assert target._core.counters.stored > 6, "reports were stored"
        assert target.asked, "the event asks its reporters"
        assert target._core.counters.recovered, "another host's reports were taken over"
    elif isinstance(target, Journals):
        assert target.restored > 10, "journals were restored"
        assert target.copied, "turns of another host were copied"
    elif isinstance(target, Files):
        assert target.read > 6, "files were read"


def test_make_fuzz_runs_each_target() -> None:
    """The names that it knows are those of the targets."""
    assert list(NAMES) == list(TARGETS)


def _take_all(target: Target) -> None:
    for seed in target.seeds():
        target.take(seed)


def _raiser(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a fault of our own")


@pytest.mark.parametrize(
    ("name", "place"),
    [("decoders", (codec.Decoder, "__call__")), ("host", (HostedEvent, "report"))],
)
def test_a_fault_is_found(
    name: str, place: tuple[type, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that is not documented is no refusal."""
    target = TARGETS[name]()
    monkeypatch.setattr(*place, _raiser)
    with pytest.raises(ZeroDivisionError):
        _take_all(target)


def test_a_refused_input_that_changes_the_state_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A host that counted a report and then refused its frame would be seen."""
    target = Hosting()
    right: Callable[..., None] = HostedEvent.report

    def wrong(core: HostedEvent, *rest: object) -> None:
        right(core, *rest)
        raise BadMessage("after all not")

    monkeypatch.setattr(HostedEvent, "report", wrong)
    with pytest.raises(AssertionError, match="changed the event"):
        _take_all(target)
