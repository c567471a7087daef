"""The face of a hosted event: when it is woken, what a peer needs, how it is restored."""

from __future__ import annotations

import pytest

from tests.unit.peer.grades.making import grade, sheet
from touchline.peer.grades.book import Book
from touchline.peer.host.event import records
from touchline.peer.host.event.event import HostedEvent
from touchline.protocol import codec
from touchline.protocol.errors import SettingError, StorageFault
from touchline.protocol.messages import Restored


def test_next_timer_is_kept(ground):
    """After what is due is done, the next wake-up lies ahead."""
    g = ground(heartbeat=5.0, claim_ttl=7.0, finish_after=3.0)
    g.say("ann", "goal", "A")
    for _ in range(100):
        g.now = g.core.next_timer()
        g.begin()
        g.core.handle_timer(g.now)
        g.take()
        assert g.core.next_timer() > g.now


def test_setup(ground):
    """A setup says where the feed stands, what can be reported, and what is stored of the peer."""
    g = ground()
    for name in ("ann", "bob"):
        g.say(name, "goal", "A")
    setup = g.core.setup(7, g.member("ann"))
    assert (setup.id, setup.epoch, setup.seq, setup.n) == (7, 1, 1, 1)
    assert setup.digest == g.core.feed.digest
    assert "goal" in [action.title for action in setup.actions]
    assert codec.decode_host_reply(codec.encode(setup)) == setup


def test_a_journal_keeps_the_edition_of_its_rules(ground):
    """Reports are matched by the rules under which they came in until the host starts again."""
    g = ground()
    assert g.core.edition == records.EDITION > 0
    began = codec.encode(records.Began(epoch=2, verdict="quorum"))
    core = HostedEvent(g.card, g.options)
    core.restore([*g.journal, records.pack([began])])
    assert core.edition == 0
    core.start(3, g.now, g.wall)
    assert core.edition == records.EDITION


BOOK = Book([sheet(grade("ann"))])
OTHER = Book([sheet(grade("bob"))])


def restored(g, book):
    core = HostedEvent(g.card, g.options, book)
    core.restore(g.journal)
    return core


def begin_with(g, book):
    """Let a host with a book go on with what the journal holds."""
    core = restored(g, book)
    core.start(core.epoch + 1, g.now, g.wall)
    g.journal.append(core.take().commit)


def test_an_event_names_its_book(ground):
    """The journal has the digest of the book, and none where there is no book."""
    g = ground()
    begin_with(g, BOOK)
    began = [record.book for record, _ in g.recorded() if isinstance(record, records.Began)]
    assert began == [b"", BOOK.digest]


@pytest.mark.parametrize(
    ("before", "after"), [(BOOK, OTHER), (BOOK, None), (None, BOOK)], ids=["other", "none", "new"]
)
def test_another_book_is_refused(ground, before, after):
    """An event of which reports are in goes on with the book that it had, or not at all; before
    the first report it may have another."""
    g = ground()
    begin_with(g, before)
    restored(g, after).check_book()
    g.say("ann", "goal", "A", at=1)
    with pytest.raises(SettingError, match="--book: e was begun with") as refused:
        restored(g, after).check_book()
    for book in (before, after):
        assert book is None or book.digest.hex() in str(refused.value)
    restored(g, before).check_book()


@pytest.mark.parametrize(
    "record",
    [records.ContactRegained(), Restored(event="e", epoch=1, seq=2, sent=0, since=0, until=0)],
)
def test_a_journal_that_lacks_a_turn_is_refused(ground, record):
    """An outage that ends without having begun follows from no journal."""
    g = ground().begun()
    core = HostedEvent(g.card, g.options)
    with pytest.raises(StorageFault, match="a turn is missing"):
        core.restore([*g.journal, records.pack([codec.encode(record)])])


def test_an_observer_sees_what_is_restored(ground):
    """It sees each record before it counts, and each report once, however often it was sent."""
    g = ground()
    g.both("goal", "A", at=10)
    said = g.said("ann", "foul", "B", at=20)
    g.batch("ann", said, said)
    seen = []

    class Observer:
        def before(self, record, raw):
            seen.append((type(record).__name__, core.feed.seq))

        def stored(self, reporter, said, _number):
            seen.append((reporter.name, said.n))

    core = HostedEvent(g.card, g.options)
    core.restore(g.journal, Observer())
    assert [one for one in seen if one[0] == "Entry"] == [("Entry", 0)]
    assert [one for one in seen if one[0] in ("ann", "bob")] == [("ann", 1), ("bob", 1), ("ann", 2)]


def test_a_restore_gives_each_turn_back(ground):
    """What a turn of the journal leads to, receipts above all, is gone before the next one."""
    g = ground()
    for second in range(10, 50, 10):
        g.both("foul", "A", at=second)
        g.say("ann", "goal", "B", at=second)
    owing = []

    def turns():
        for turn in g.journal:
            owing.extend(len(one.fates) + len(one.late) for one in core.roster.reporters)
            yield turn

    core = HostedEvent(g.card, g.options)
    core.restore(turns())
    assert len(owing) > 8
    assert not any(owing)


def test_a_history_goes_on_with_each_next_epoch(ground):
    """What a journal continues keeps its name from epoch to epoch, live and restored, here and from
    a copy; where another host has had the event in between it has another."""
    g = ground()
    first = g.core.history
    assert first
    assert g.core.setup(7, g.member("ann")).journal == first
    here, there = (HostedEvent(g.card, g.options) for _ in range(2))
    for core in (here, there):
        core.restore(g.journal)
        assert core.history == first
    here.start(2, g.now, g.wall)
    assert here.history == first
    there.start(3, g.now, g.wall)
    assert there.history not in ("", first)
    again = HostedEvent(g.card, g.options)
    again.restore([*g.journal, there.take().commit])
    assert again.history == there.history
    again.start(4, g.now, g.wall)
    assert again.history == there.history
