"""Of what excludes each other at most one entry stands, and what gives way goes first. Pure.

Both stand only where those who tell both outweigh those who tell one of them alone. Whether an
entry that was published before has votes since is not known here, so it is taken to have all that
can be: what is refused here no host does that follows the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..peer.host.event.titles import groups
from ..protocol.messages import Entry
from ..protocol.times import SECOND
from ..sports import Kind
from ..timeline.timeline import Timeline
from .lines import By
from .votes import Broken, Spoken

SINCE = 2
"""The edition of the rules by which it holds; before, what gave way went after the other came."""


class ProvenExclusion:
    """Holds each version against what stands when it is published.

    Args:
        kinds: of the sport, by title.
        timeline: of the entries that were read before.
    """

    def __init__(self, kinds: Mapping[str, Kind], timeline: Timeline) -> None:
        self._kinds = kinds
        self._timeline = timeline
        self.match_by(0)
        self._said: dict[str, Sequence[Spoken]] = {}  # who named an entry when votes told of it
        self._displaced: list[Entry] = []  # taken back for what is to come next

    def take(
        self,
        entry: Entry,
        by: By,
        edition: int,
        for_: Sequence[Spoken] = (),
        ayes: Collection[str] = (),
        against: Sequence[Spoken] = (),
    ) -> None:
        """Check a version that is about to be put on the timeline.

        Args:
            entry: the version.
            by: why it is published.
            edition: of the rules of its epoch, see `records.EDITION`.
            for_: all votes that name it.
            ayes: ids of the reporters that speak for it, as far as they count.
            against: the votes for what excludes it.

        Raises:
            Broken: something that excludes it stands too, or was taken back for nothing.
        """
        if by == "exclusive":
            self._give_way(entry, edition)
            return
        if by == "text":
            return  # what gave way may have been before it
        if by != "implied" and self._displaced:
            stands = entry.status != "DELETED"
            if not stands or not all(self._exclude(entry, one) for one in self._displaced):
                self.end()
            self._displaced.clear()
        if not for_ or entry.status == "DELETED":
            return
        self._said[entry.entry_id] = for_
        if edition >= SINCE and self._kinds[entry.title].exclusive:
            self._check_beside(entry, for_, ayes, against)

    def end(self) -> None:
        """Check that nothing was taken back for what did not come.

        Raises:
            Broken: something was.
        """
        if self._displaced:
            raise Broken(
                f"entry {self._displaced[0].entry_id} was taken back, and nothing that excludes it"
                " came next"
            )

    def _give_way(self, entry: Entry, edition: int) -> None:
        for_, against = entry.evidence.for_, entry.evidence.against
        if (not against and edition < SINCE) or (for_ > against and edition >= SINCE):
            raise Broken(f"{for_} speak for it and {against} against it, which it gives way to")
        if edition >= SINCE:
            self._displaced.append(entry)
        elif not any(self._exclude(entry, one) for one in self._confirmed()):
            raise Broken("no entry stands that excludes it")

    def upheld(self, entry: Entry, for_: Sequence[Spoken], edition: int) -> None:
        """Check a first version that the event's owner upholds: nothing stands that excludes it,
        however many tell which.

        Raises:
            Broken: something does.
        """
        self._said[entry.entry_id] = for_
        if edition >= SINCE and self._kinds[entry.title].exclusive:
            for other in self._beside(entry, for_):
                raise Broken(f"entry {other.entry_id} stands, which it excludes")

    def _confirmed(self) -> list[Entry]:
        versions = self._timeline.versions.values()
        return [one for one in versions if one.status not in ("DELETED", "PROVISIONAL")]

    def match_by(self, edition: int) -> None:
        """Tell words for one happening by an edition of the rules from now on."""
        self._same = groups(self._kinds.values(), edition)

    def _exclude(self, one: Entry, other: Entry, windows: int = 4) -> bool:
        """Return whether two entries can exclude each other, at so many windows apart at most."""
        kind, against = self._kinds.get(one.title), self._kinds.get(other.title)
        if kind is None or against is None or one.entry_id == other.entry_id:
            return False
        same = other.title in self._same.get(one.title, (one.title,))
        if same and one.origin == other.origin:
            return False
        reach = windows * max(kind.window, against.window) * SECOND
        near = abs(one.time - other.time) <= reach
        return bool(kind.exclusive) and kind.exclusive == against.exclusive and near

    def _check_beside(
        self,
        entry: Entry,
        for_: Sequence[Spoken],
        ayes: Collection[str],
        against: Sequence[Spoken],
    ) -> None:
        for other in self._beside(entry, for_):
            named = self._said[other.entry_id]
            most = {one.signer.peer for one in (*named, *against)}
            alone = sum(peer not in most for peer in ayes)
            evidence = entry.evidence
            if evidence.for_ <= evidence.against or len(most) <= alone:
                raise Broken(f"entry {other.entry_id} stands, which it excludes")

    def _beside(self, entry: Entry, for_: Sequence[Spoken]) -> list[Entry]:
        """Return the entries that stand, and exclude this one for certain."""
        window = self._kinds[entry.title].window
        found = []
        for other in self._timeline.since(entry.time - round(4 * window * SECOND)):
            named = self._said.get(other.entry_id)
            if named is None or not self._exclude(entry, other):
                continue
            times = [one.time for one in (*for_, *named)]
            # Otherwise the claims of both need not be near each other.
            if max(times) - min(times) <= window * SECOND:
                found.append(other)
        return found
