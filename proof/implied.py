"""Entries of what few reported, which stand since another one needs them. Pure."""

from __future__ import annotations

from ..peer.host.event.publications import IMPLIED
from ..protocol.messages import Entry
from ..sports import Sport
from ..sports.capabilities import Implying
from ..timeline.timeline import Timeline, action_of
from .votes import Broken


class ImpliedEntries:
    """Notes each such entry until the one that needs it comes.

    Args:
        sport: says what an action implies.
        timeline: of the entries that were read before.
    """

    def __init__(self, sport: Sport, timeline: Timeline) -> None:
        self._sport = sport
        self._timeline = timeline
        self._unneeded: list[Entry] = []

    def take(self, entry: Entry) -> None:
        """Take an entry that is new, before it is put on the timeline."""
        self._unneeded = [one for one in self._unneeded if not self._needs(entry, one)]
        if entry.reason == IMPLIED:
            self._unneeded.append(entry)

    def end(self) -> None:
        """Check that there is none left.

        Raises:
            Broken: one is there that nothing needs.
        """
        if self._unneeded:
            raise Broken(f"nothing needs entry {self._unneeded[0].entry_id}, which few reported")

    def _needs(self, entry: Entry, unheard: Entry) -> bool:
        if not isinstance(self._sport, Implying):
            return False
        before = self._timeline.state_before(unheard.time, int(unheard.entry_id))
        found = self._sport.implied(before, action_of(entry))
        return (
            found is not None
            and unheard.title in found.titles
            and unheard.origin in found.origins
            and unheard.time < entry.time
        )
