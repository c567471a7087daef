"""A host's journal, read after its host has stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ..protocol.errors import NotFound, SettingError, StorageFault
from ..protocol.messages import Card
from . import shared

if TYPE_CHECKING:
    from ..peer.host.journal import Journal


def host_name(broker: str, name: str, *, insecure: bool) -> str:
    """Return the name under which the user hosts, as `touchline host` does, also without a broker.

    Args:
        broker, insecure: of `--broker` and `--insecure`.
        name: of `--name`.
    """
    try:
        return shared.find_broker(broker, insecure=insecure)[1] or name
    except SettingError:
        return name


@contextmanager
def host_journal(name: str, url: str) -> Iterator[Journal]:
    """Yield the journal of a host.

    Args:
        name: of the host.
        url: of the journal; empty: the host's own.

    Raises:
        NotFound: there is no such journal.
        StorageFault: the journal can't be read, or the host is still running.
    """
    # SQLAlchemy is loaded only here.
    from ..peer.host.journal import Journal, file_of

    url = url or shared.journal_of(name)
    file = file_of(url)
    if file is not None and not file.exists():
        raise NotFound(f"no journal {file}; give the --journal, or the host's --name")
    try:
        opened = Journal(url)
    except StorageFault as fault:
        hint = "a journal can be read after its host has stopped"
        raise StorageFault(f"{fault.sentence}; {hint}") from fault
    with closing(opened) as journal:
        yield journal


@contextmanager
def hosted_event(event: str, name: str, url: str) -> Iterator[tuple[Card, Iterator[bytes]]]:
    """Yield the card of an event and its turns, oldest first, from the journal of its host.

    Args:
        event: its id.
        name: of the host.
        url: of the journal; empty: the host's own.

    Raises:
        NotFound: there is no such journal, or it does not hold the event.
        StorageFault: the journal can't be read, or the host is still running.
    """
    with host_journal(name, url) as journal:
        card = journal.card(event)
        if card is None:
            held = ", ".join(journal.events()) or "none"
            raise NotFound(f"the journal of {name} holds no event {event!r}; it holds {held}")
        yield card, journal.turns(event)
