"""What must follow from the rulings of an event's owner. Pure."""

from __future__ import annotations

from ..peer.host.event import rulings
from ..protocol import keys
from ..protocol.messages import Entry, Finished, Ruling
from .votes import Broken


class ProvenRulings:
    """Checks the rulings of a proof.

    Args:
        event: its timeline as far as the proof was read.
    """

    def __init__(self, event: rulings.RuledEvent) -> None:
        self._event = event
        self._made: set[str] = set()

    def check(
        self, ruling: Ruling, message: Entry | Finished, *, over: bool, ended_before: bool
    ) -> None:
        """Check that a ruling is the owner's, is new, and leads to such a message.

        Args:
            ruling: as the host received it.
            message: as it was published.
            over: whether the event was over just before.
            ended_before: whether it was over at any time.

        Raises:
            PeerError, Broken: it does not.
        """
        rulings.check_owner(self._event.card, ruling)
        rulings.check_form(ruling)
        rulings.check_end(ruling, finished=over, ended_before=ended_before)
        if ruling.ruling in self._made:
            raise Broken("the ruling was carried out before")
        self._made.add(ruling.ruling)
        if (ruling.act in rulings.ENDS) != isinstance(message, Finished):
            raise Broken(f"a ruling to {ruling.act} leads to another message")
        if isinstance(message, Finished):
            self._check_end(ruling, message)

    def _check_end(self, ruling: Ruling, message: Finished) -> None:
        awarded = ruling.act == "award"
        if awarded:
            rulings.check_award(ruling, self._event)
        how = "awarded" if awarded else ""
        said = (message.over, message.how, message.winner, message.reason, message.by)
        if said != (
            ruling.act != "reopen",
            how,
            ruling.origin,
            ruling.reason,
            keys.peer_id(ruling.key),
        ):
            raise Broken("it does not say what the owner ruled")

    def entry(self, ruling: Ruling, message: Entry) -> Entry:
        """Return the version of an entry that a ruling leads to.

        Args:
            ruling: it was checked.
            message: the version that was published, which tells its number and times.

        Raises:
            PeerError, Broken: the ruling leads to none, or the entry does not stand after all
                others.
        """
        timeline = self._event.timeline
        number, time = int(message.entry_id), message.time
        last = timeline.last
        if (
            message.entry_id not in timeline.versions
            and last is not None
            and (time, number) < (last.time, int(last.entry_id))
        ):
            raise Broken("the entry of a ruling stands after all others")
        draft = rulings.Draft(number, time, message.accepted, message.evidence.present)
        return rulings.entry_of(ruling, self._event, draft)
