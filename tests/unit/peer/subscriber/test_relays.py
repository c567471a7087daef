"""Which relays are heard, and the cause of a silence at a subscriber of a stream."""

from __future__ import annotations

import pytest

from touchline.peer.subscriber.relays import MOST_RELAYS, Relays
from touchline.protocol.fields import HostContact
from touchline.protocol.messages import RelayBeat

NOW = 100.0


def word(relay: str = "one", host: HostContact = "heard", beat: bytes = b"") -> RelayBeat:
    text = "" if host == "heard" else f"{relay} says {host}"
    return RelayBeat(event="e", relay=relay, sent=0, interval=2.0, host=host, text=text, beat=beat)


def test_a_heartbeat_counts_once() -> None:
    """The same heartbeat of the host, whichever relay repeats it, is new only once."""
    relays = Relays()
    assert relays.take(word(beat=b"1"), NOW) == b"1"
    assert relays.take(word(beat=b"1"), NOW) is None
    assert relays.take(word("two", beat=b"1"), NOW) is None
    assert relays.take(word("two", beat=b"2"), NOW) == b"2"
    assert relays.take(word("one", beat=b"1"), NOW) is None
    assert relays.take(word(), NOW) is None


@pytest.mark.parametrize(
    ("words", "after", "kind"),
    [
        ([], 0.0, "relay_lost"),
        ([word()], 1.0, "silent"),
        ([word()], 4.0, "relay_lost"),
        ([word(host="silent")], 1.0, "silent"),
        ([word(host="host_lost")], 1.0, "host_lost"),
        ([word(host="link_lost")], 1.0, "host_lost"),
        ([word(host="host_lost"), word("two")], 1.0, "silent"),
        ([word(host="host_lost"), word(host="heard")], 1.0, "silent"),
    ],
)
def test_the_cause(words: list[RelayBeat], after: float, kind: str) -> None:
    """A relay that is not heard is lost; the host is where every relay that is heard says so."""
    relays = Relays()
    for each in words:
        relays.take(each, NOW)
    found = relays.silence(NOW + after, away="")
    assert found.kind == kind
    assert (kind == "host_lost") == ("says" in found.text)


def test_a_lost_connection_hides_the_rest() -> None:
    """Without NATS nothing is known of relay and host."""
    found = Relays().silence(NOW, away="NATS can't be reached")
    assert (found.kind, found.text) == ("link_lost", "NATS can't be reached: look at your own link")


def test_relays_are_bounded() -> None:
    """Of too many relays those heard last are kept."""
    relays = Relays()
    for number in range(3 * MOST_RELAYS):
        relays.take(word(str(number)), NOW)
    assert list(relays._heard) == [str(n) for n in range(2 * MOST_RELAYS, 3 * MOST_RELAYS)]
