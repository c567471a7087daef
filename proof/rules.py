"""What must follow from the votes for each published message. Pure.

The same rules as the host's, the other way round: the host goes from reports to an entry, here it
is asked whether the entry is the one that these reports lead to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import median_low

import msgspec
from msgspec.structs import replace

from ..peer.host.event import ending, thresholds
from ..peer.host.event.allies import ENDS_SINCE
from ..peer.host.event.details import (
    AsTyped,
    RulesOf,
    contradicts,
    names_of,
    origin_meant,
    rules_of,
    turned,
)
from ..peer.host.event.publications import IMPLIED
from ..peer.host.event.related import DELETE, LATER_SECONDS
from ..peer.host.event.rulings import RuledEvent, check_contact
from ..peer.host.event.suspicion import suspected
from ..peer.host.event.titles import details_of, groups, ranked
from ..peer.host.event.verdict import Verdict
from ..protocol.errors import PeerError, SettingError
from ..protocol.keys import peer_id
from ..protocol.messages import (
    Card,
    Detail,
    Entry,
    EntryStatus,
    Evidence,
    Finished,
    Restored,
    Ruling,
)
from ..protocol.times import SECOND
from ..sports import Action, Kind, Score, Sport, State, misfit, statements
from ..sports.contradictions import Check, check_of, unchecked, without_contradiction
from ..sports.names import EventNames
from ..timeline.states import LAST
from ..timeline.timeline import Adopted, Timeline, action_of
from .exclusion import ProvenExclusion
from .implied import ImpliedEntries
from .lines import By, ConfirmedScore, Weighing
from .ruled import ProvenRulings
from .stated import ProvenStatements
from .votes import Broken, Spoken
from .weighed import Voices, WeighedVerdicts

WHOLE_SCORES = 6
"""The edition of the rules from which on a score says all that it can; before, a release may have
left out what the sport did not tell yet."""


class ProvenTimeline:
    """The timeline of a proof as far as it was read.

    Args:
        card: the event.
        sport, kinds: what is played, and its actions by title.
        timeline: where entries are put as they are read.
        verdicts: recomputes what was weighed.
    """

    def __init__(
        self,
        card: Card,
        sport: Sport,
        kinds: Mapping[str, Kind],
        timeline: Timeline,
        verdicts: WeighedVerdicts,
    ) -> None:
        self._verdicts = verdicts
        self._sport = sport
        self._kinds = kinds
        self._timeline = timeline
        self._origins = dict.fromkeys(card.origins)
        self._card = card
        self._edition = 0
        self._statements = ProvenStatements(sport, card.origins, timeline)
        self._over = self._ended_before = False
        self._rulings = ProvenRulings(RuledEvent(card, sport, kinds, timeline))
        self._names: EventNames | None = None
        self._amended: dict[str, set[str]] = {}  # the details that votes amended, by entry id
        self._details: RulesOf = AsTyped
        self._contradiction: Check = unchecked
        self._same: dict[str, tuple[str, ...]] = {}  # see `titles.groups`
        self._implied = ImpliedEntries(sport, timeline)
        self._exclusion = ProvenExclusion(kinds, timeline)
        # While contact is lost or things are put together: the states in which a score may have
        # been stated, since what people mean by it is read from the state.
        self._states: list[State] = []

    def match_by(self, edition: int) -> None:
        """Match reports by an edition of the rules from now on, see `records.EDITION`."""
        if edition != self._edition:
            self._edition = edition
            self._verdicts.match_by(edition)
            self._names = names_of(self._card, edition)
            self._details = rules_of(self._names)
            named = self._names is not None
            self._contradiction = check_of(self._card, self._names) if named else unchecked
            self._same = groups(self._kinds.values(), edition) if edition else {}
            self._exclusion.match_by(edition)

    def entry(
        self,
        entry: Entry,
        by: By,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        verdict: Verdict,
        present: int = 0,
        seen: Collection[str] = (),
    ) -> None:
        """Check a version of an entry, and put it on the timeline.

        Args:
            entry: the version.
            by, for_, against, present: why, and the votes.
            verdict: the policy of its epoch.
            seen: ids of those among the votes for it that only repeat what they were shown.

        Raises:
            Broken: it does not follow from the votes.
        """
        before = self._timeline.versions.get(entry.entry_id)
        own = [one for one in for_ if one.signer.peer not in seen]
        if by not in ("doubt", "text", "review"):
            _count(entry.evidence, own, against)
        if by == "reports":
            if before is not None:
                raise Broken("the entry is there already")
            self._first(entry, for_, own, against)
            _accept(verdict, own, against, entry.evidence.present)
        elif by == "implied":
            if before is not None:
                raise Broken("the entry is there already")
            self._few(entry, for_, against)
        elif by == "stated":
            if before is not None:
                raise Broken("the entry is there already")
            self._statements.first(entry, for_, against)
            _accept(verdict, for_, against, entry.evidence.present)
        elif before is None:
            raise Broken("there is no such entry yet")
        elif before.status == "DELETED":
            raise Broken("the entry is deleted already")
        elif by == "second":
            self._second(entry, before, for_, own, against)
        elif by in ("verdict", "exclusive"):
            self._taken_back(entry, before, for_, against)
            if by == "verdict":
                _accept(verdict, against, own, entry.evidence.present)
        elif by == "details":
            self._turned(entry, before, for_, against)
        elif by in ("delete", "amend"):
            self._correction(entry, before, by, for_, against)
            _accept(verdict, for_, against, entry.evidence.present)
        elif by == "review":
            _text(entry, before, "review", "reviewed")
            self._statements.review(entry, before, for_, present)
            _accept(verdict, for_, against, present)
        elif by == "text":
            decided = self._statements.decided(entry, before)
            _text(entry, before, *(("review", "reviewed") if decided else ()))
        elif by == "doubt":
            _doubt(entry, before)
        else:
            raise Broken(f"an entry is not published by {by}")
        counted = by in ("reports", "second", "implied")
        ayes = [one.signer.peer for one in own]
        votes = (for_, ayes, against) if counted else ()
        self._exclusion.take(entry, by, self._edition, *votes)
        self._put(entry)

    def weighed(
        self, entry: Entry, by: By, voices: Voices, weighing: Weighing, verdict: Verdict
    ) -> None:
        """Check a version of an entry that a verdict gave which weighs, and put it on the timeline.

        Raises:
            Broken: it does not follow from what was said.
        """
        before = self._timeline.versions.get(entry.entry_id)
        if by not in ("verdict", "exclusive"):
            raise Broken(f"an entry that is weighed is not published by {by}")
        if before is None:
            self._follows(entry, voices.for_, voices.against)
        elif entry.status == "DELETED":
            _unchanged(entry, before, "reason")
        else:
            free = ("details", "time", "spread", "reason")
            renamed = self._renamed(entry, before)
            _unchanged(entry, before, *free, *_mark(entry, before), *renamed)
            self._same_action(entry, voices.for_)
            if before.status == "DELETED":
                self._same_details(entry, voices.for_)
            elif not any(
                _equal(entry.details, details)
                for details in (before.details, self._with_changes(before, voices.for_, entry))
            ):
                raise Broken("its details are not those that the reports turn")
        kind = self._kinds[entry.title]
        self._verdicts.check(entry, before, by, voices, weighing, kind, verdict, self._edition)
        if before is None or before.status == "DELETED":
            self._legal(entry)
            self._most_called(entry, entry.time, voices.for_)
        elif entry.status != "DELETED":
            self._most_called(entry, before.time, voices.for_)
        ayes = {one.signer.peer for one in (*voices.for_, *voices.yes)} - set(weighing.seen)
        against = voices.against
        self._exclusion.take(entry, by, self._edition, voices.for_, ayes, against)
        self._put(entry)

    def settled(self) -> None:
        """Check that nothing is waited for that must come next.

        Raises:
            Broken: something is.
        """
        self._exclusion.end()

    def _put(self, entry: Entry) -> None:
        if entry.entry_id not in self._timeline.versions:
            self._implied.take(entry)
        self._timeline.put(entry)
        if entry.place != self._timeline.place(entry):
            raise Broken(f"its place is {self._timeline.place(entry)}, not {entry.place}")
        self._score(entry.score)
        self._statements.note()
        if self._states:
            self._states.append(self._timeline.state)

    def not_by_owner(self, message: Entry | Finished) -> None:
        """Check that a message that follows from votes or rules does not say that the owner ruled.

        Raises:
            Broken: it does.
        """
        versions = self._timeline.versions
        before = versions.get(message.entry_id) if isinstance(message, Entry) else None
        if message.by != (before.by if before is not None else ""):
            raise Broken("it says that the owner ruled so, without a ruling")

    def ruled(
        self,
        message: Entry | Finished,
        ruling: Ruling,
        for_: Sequence[Spoken] = (),
        against: Sequence[Spoken] = (),
        seen: Collection[str] = (),
    ) -> None:
        """Check that a ruling of the event's owner leads to a message.

        Args:
            message: as it was published.
            ruling: as the host received it.
            for_, against, seen: the votes for what it upholds, as those of `entry`.

        Raises:
            Broken: it is not the owner's, or leads to something else.
        """
        try:
            self._rulings.check(ruling, message, over=self._over, ended_before=self._ended_before)
            if isinstance(message, Finished):
                self._note_end(message)
                self._score(message.score)
                return
            check_contact(ruling, lost=bool(self._states) and not self._over)
            if ruling.title:
                self._upheld(message, ruling, for_, against, seen)
                return
            expected = self._rulings.entry(ruling, message)
        except PeerError as error:
            raise Broken(error.sentence) from None
        _unchanged(message, expected)
        if message.status != expected.status or not _equal(message.evidence, expected.evidence):
            raise Broken("its status or evidence is not that of a ruling")
        if ruling.entry:
            self._amended.setdefault(ruling.entry, set()).update(ruling.details.keys())
        self._put(message)

    def _upheld(
        self,
        entry: Entry,
        ruling: Ruling,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        seen: Collection[str],
    ) -> None:
        """Check the first version of an entry that the owner upholds: it says what its reporters
        say, of whom one at the least told it by himself. How many they are decides nothing."""
        if entry.entry_id in self._timeline.versions:
            raise Broken("the entry is there already")
        own = [one for one in for_ if one.signer.peer not in seen]
        if not own:
            raise Broken("nobody reported what the owner upholds")
        _count(entry.evidence, own, against)
        said = (entry.title, entry.origin, entry.status, entry.reason, entry.by)
        ruled = (ruling.title, ruling.origin, "CONFIRMED", ruling.reason, peer_id(ruling.key))
        if said != ruled:
            raise Broken("it does not say what the owner ruled")
        self._follows(entry, for_, against)
        self._timed(entry, own)
        self._legal(entry)
        self._most_called(entry, entry.time, for_)
        self._exclusion.upheld(entry, for_, self._edition)
        self._put(entry)

    def _note_end(self, message: Finished) -> None:
        self._over = message.over
        self._ended_before = True  # what is not over after all was over before

    def suspended(self) -> None:
        """Note that contact with the venue was lost."""
        self._states = [self._timeline.state]

    def finished(
        self,
        message: Finished,
        by: By,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        present: int,
        verdict: Verdict,
        edition: int,
    ) -> None:
        """Check the end of the event.

        Args:
            message: as it was published.
            by, for_, against, present: why, and the votes.
            verdict: the policy of its epoch.
            edition: of the rules of its epoch; see `records.EDITION`.

        Raises:
            Broken: neither the rules nor the votes end it, or not with this score.
        """
        self._implied.end()
        self._note_end(message)
        stated = (message.how, message.winner, message.reason)
        if not message.over:
            self._goes_on(by, for_, against, stated)
        elif by == "end":
            self._voted(for_, against, edition)
            said = [one.details for one in for_ if one.title == "end"] if edition else [{}]
            if not said or stated != ending.outcome(said):
                raise Broken("it did not end as its votes say")
        elif by != "rules" or for_ or against:
            raise Broken(f"an event is not ended by {by}")
        elif stated != ("", "", ""):
            raise Broken("the rules do not end an event otherwise than by its score")
        elif not self._sport.over(self._timeline.state):
            raise Broken("the rules do not end the event at this score")
        if by == "end":
            _accept(verdict, for_, against, present)
            if edition and len(for_) < min(thresholds.LEAST, present):
                raise Broken(f"{len(for_)} of {present} are not enough for that")
        self._score(message.score)

    def _goes_on(
        self,
        by: By,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        stated: tuple[str, str, str],
    ) -> None:
        """Check that an event is not over after all: its votes say so, or its score does."""
        if by == "end":
            _titled([*for_, *against], "end")
            if any(one.details.get("over", True) is not False for one in for_):
                raise Broken("a vote that it goes on says that it is over")
        elif by != "rules" or for_ or against:
            raise Broken(f"an event does not go on by {by}")
        elif self._sport.over(self._timeline.state):
            raise Broken("the rules still end the event at this score")
        if stated != ("", "", ending.UNLIKE if by == "rules" else ending.VOTED):
            raise Broken("it goes on for another reason than it says")

    def _whistles(self, one: Spoken, edition: int) -> bool:
        """Return whether a vote tells of the action that ends the event."""
        kind = self._kinds.get(one.title)
        ends = kind is not None and kind.ends and not kind.needs_origin
        return ends and edition >= ENDS_SINCE

    def _voted(self, for_: Sequence[Spoken], against: Sequence[Spoken], edition: int) -> None:
        """Check that votes are for the end, and those against it against it: they say so, or tell
        of something that happens."""
        _titled([one for one in for_ if not self._whistles(one, edition)], "end")
        if not edition:
            if against:
                raise Broken("there is no vote against the end")
            return
        if any(one.details.get("over", True) is not True for one in for_):
            raise Broken("a vote for the end says that it is not over")
        for one in against:
            if one.title not in self._kinds and one.details.get("over", True) is not False:
                raise Broken(f"a {one.title} says nothing against the end")

    def restored(self, message: Restored) -> None:
        """Check the end of an outage.

        Raises:
            Broken: the score is another.
        """
        self._score(message.score)
        self._states = []

    def confirmed(
        self,
        line: ConfirmedScore,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Check that enough reporters confirmed a score, and put it in force.

        Args:
            line: the score.
            for_, against: the votes.
            verdicts: the policies of this epoch and those after it: no message tells which.

        Raises:
            Broken: they did not.
        """
        _titled([*for_, *against], "confirm")
        ayes, noes = len(for_), len(against)
        if not any(one.accept(ayes, noes, max(line.present, ayes + noes)) for one in verdicts):
            raise Broken(f"{ayes} for the score and {noes} against it are not enough")
        for one in for_:
            text = str(one.details.get("score", ""))
            if not any(_equal(line.score, score) for score in self._readings(text, line)):
                raise Broken(f"{text!r} is not the score that is confirmed")
        if line.adopt:
            self._timeline.adopt(Adopted(line.time, line.score))

    def _readings(self, text: str, line: ConfirmedScore) -> Iterator[Score]:
        """Yield what a stated score can have led to."""
        after = self._timeline.state_before(line.time, LAST)
        for state in self._states:
            try:
                stated = self._sport.read_score(state, text)
                yield self._sport.score(self._sport.adopt(after, stated)) if line.adopt else stated
            except SettingError:  # it could not have been stated then
                continue

    # ── an entry ─────────────────────────────────────────────────────────────────────────────

    def _first(
        self,
        entry: Entry,
        for_: Sequence[Spoken],
        own: Sequence[Spoken],
        against: Sequence[Spoken],
    ) -> None:
        """Check a new entry; `own` are those of its votes that count."""
        self._follows(entry, for_, against)
        self._timed(entry, own)
        if entry.status != ("CONFIRMED" if len(own) > 1 else "PROVISIONAL"):
            raise Broken(f"it is {entry.status} with {len(own)} for it")
        self._legal(entry)
        self._most_called(entry, entry.time, for_)

    def _follows(self, entry: Entry, for_: Sequence[Spoken], against: Sequence[Spoken]) -> None:
        """Check that votes speak of an entry, and for what it says, or of what excludes it."""
        reason = misfit(self._kinds, self._origins, action_of(entry))
        if reason is not None:
            raise Broken(reason)
        self._same_action(entry, for_)
        self._excluded_by(entry, against)
        self._same_details(entry, for_)

    def _excluded_by(self, entry: Entry, against: Sequence[Spoken]) -> None:
        kind = self._kinds[entry.title]
        for one in against:
            other = self._kinds.get(one.title)
            if one.title == "answer" and one.details.get("yes") is True:
                continue  # to a question about what excludes it
            if self._repeats(entry, kind, one):
                continue
            if other is None or not kind.exclusive or other.exclusive != kind.exclusive:
                raise Broken(f"a {one.title} says nothing against a {entry.title}")

    def _repeats(self, entry: Entry, kind: Kind, one: Spoken) -> bool:
        """Return whether a vote tells the same thing too short a time before or after to be told
        twice: the entry may repeat it."""
        near = abs(one.time - entry.time) <= (kind.least_apart + 2 * kind.window) * SECOND
        titles = self._same.get(entry.title, (entry.title,))
        same = one.title in titles and self._meant(one.origin) == entry.origin
        return same and near and suspected(kind.weight, self._edition)

    def _same_details(self, entry: Entry, for_: Sequence[Spoken]) -> None:
        kind = self._kinds[entry.title]
        merged = self._details(kind, entry.origin).merged(one.details for one in for_)
        agreed = replace(action_of(entry), details=merged)
        agreed = without_contradiction(self._contradiction, self._names, agreed)
        takes = agreed.details
        if entry.title in self._same:
            takes = details_of(kind, agreed.details)
        if not _equal(entry.details, takes):
            raise Broken("its details are not those of the reports")

    def _legal(self, entry: Entry) -> None:
        state = self._timeline.state_before(entry.time, int(entry.entry_id))
        illegal = self._sport.illegal(state, action_of(entry))
        if illegal is not None:
            raise Broken(f"the rules forbid it there: {illegal}")

    def _most_called(self, entry: Entry, time: int, for_: Sequence[Spoken]) -> None:
        """Check that of the titles under which votes tell an entry it has that of most of them
        which the rules permit there, at a time."""
        titles = self._same.get(entry.title, ())
        state = self._timeline.state_before(time, int(entry.entry_id))
        action = action_of(entry)
        for title in ranked((one.title for one in for_ if one.title in titles), titles):
            if title == entry.title:
                return
            takes = details_of(self._kinds[title], action.details)
            if self._sport.illegal(state, _as(action, title, takes)) is None:
                raise Broken(f"more votes call it {title!r} than {entry.title!r}")

    def _few(self, entry: Entry, for_: Sequence[Spoken], against: Sequence[Spoken]) -> None:
        """Check an entry of what few reported, since another one needs it."""
        if not for_ or (entry.status, entry.reason) != ("PROVISIONAL", IMPLIED):
            raise Broken(f"it is {entry.status} with {len(for_)} for it")
        self._follows(entry, for_, against)
        self._timed(entry, for_)
        self._legal(entry)
        self._most_called(entry, entry.time, for_)

    def _timed(self, entry: Entry, for_: Sequence[Spoken]) -> None:
        time = median_low([one.time for one in for_]) if for_ else 0
        if entry.time != time:
            raise Broken(f"its time is {entry.time}, that of the reports {time}")

    def _taken_back(
        self, entry: Entry, before: Entry, for_: Sequence[Spoken], against: Sequence[Spoken]
    ) -> None:
        """Check that what is taken back by a count of heads is what the votes speak of."""
        if entry.status != "DELETED":
            raise Broken(f"votes against it do not make it {entry.status}")
        _unchanged(entry, before, "reason")
        self._same_action(entry, for_)
        self._excluded_by(entry, against)

    def _second(
        self,
        entry: Entry,
        before: Entry,
        for_: Sequence[Spoken],
        own: Sequence[Spoken],
        against: Sequence[Spoken],
    ) -> None:
        details = before.details
        if self._edition > 0 and not _equal(entry.details, details):
            details = self._with_changes(before, for_, entry)
        renamed = self._renamed(entry, before)
        _unchanged(entry, replace(before, details=details), "reason", *renamed)
        if (before.status, entry.status) != ("PROVISIONAL", "CONFIRMED"):
            raise Broken(f"a second voice makes no {entry.status} of what is {before.status}")
        self._same_action(entry, for_)
        if len(own) < 2 or len(own) <= len(against):
            raise Broken(f"{len(own)} for it and {len(against)} against it are not enough")

    def _turned(
        self, entry: Entry, before: Entry, for_: Sequence[Spoken], against: Sequence[Spoken]
    ) -> None:
        _unchanged(entry, before, "details", *self._renamed(entry, before))
        if entry.status != _as_certain(before):
            raise Broken(f"reports of what is {before.status} do not make it {entry.status}")
        votes = [*for_, *against]
        self._same_action(entry, votes)
        details = self._with_changes(before, votes, entry)
        changes = [name for name, value in details.items() if before.details.get(name) != value]
        turned_none = not changes and entry.title == before.title
        if turned_none or not _equal(entry.details, details):
            raise Broken("its details are not those that the reports turn")
        rules = self._details(self._kinds[entry.title], entry.origin)
        for one in votes:
            if contradicts(rules, one.details, details, changes) == (one in for_):
                raise Broken("a vote stands on the wrong side of its new details")

    def _renamed(self, entry: Entry, before: Entry) -> tuple[str, ...]:
        """Return what may be another where votes turn the title of an entry."""
        return ("title",) if entry.title in self._same.get(before.title, ()) else ()

    def _with_changes(
        self, before: Entry, votes: Sequence[Spoken], entry: Entry
    ) -> dict[str, Detail]:
        """Return the details of an entry with those that reports turned, under the title that it
        has now."""
        said = [one.details for one in sorted(votes, key=lambda one: one.signer.peer)]
        rules = self._details(self._kinds[before.title], before.origin)
        amended = self._amended.get(before.entry_id, ())
        details = {**before.details, **turned(rules, before.details, said, amended)}
        if entry.title in self._same:
            return details_of(self._kinds[entry.title], details)
        return details

    def _correction(
        self,
        entry: Entry,
        before: Entry,
        by: By,
        for_: Sequence[Spoken],
        against: Sequence[Spoken],
    ) -> None:
        if entry.status != ("DELETED" if by == "delete" else "UPDATED"):
            raise Broken(f"votes to {by} do not make it {entry.status}")
        if by == "delete":
            _unchanged(entry, before)
            for one in for_:
                self._wants_gone(one, entry)
            for one in against:
                if not self._speaks_of(one.title, one.origin, entry):
                    raise Broken(f"a vote against deleting it speaks of a {one.title}")
            return
        _unchanged(entry, before, "details")
        _titled([*for_, *against], "amend")
        for one in (*for_, *against):
            if not one.is_about(entry.entry_id):
                raise Broken(f"a vote amends entry {one.details.get('entry')!r}")
        rules = self._details(self._kinds[entry.title], entry.origin)
        changes = [{k: v for k, v in one.details.items() if k != "entry"} for one in for_]
        if len({rules.key(change) for change in changes}) != 1:
            raise Broken("its votes do not change the same")
        self._amended.setdefault(entry.entry_id, set()).update(*changes)
        if not _equal(entry.details, {**before.details, **rules.merged(changes)}):
            raise Broken("its details are not what the votes change")

    def _same_action(self, entry: Entry, for_: Sequence[Spoken]) -> None:
        for one in for_:
            if not self._speaks_of(one.title, one.origin, entry):
                raise Broken(f"a vote for it speaks of {one.title!r} of {one.origin!r}")
        times = [one.time for one in for_] or [0]
        # Each joined within a window of the mean, which strays at most one from the first: so two
        # are at most four apart, whatever was taken back in between.
        apart, most = max(times) - min(times), 4 * self._kinds[entry.title].window
        if apart > most * SECOND:
            raise Broken(f"votes for it are {apart / SECOND:,.0f} s apart, at most {most:g} can be")

    def _wants_gone(self, one: Spoken, entry: Entry) -> None:
        """Check a vote to delete, or an undo that came too late to be anything else."""
        if one.title == "delete":
            if not one.is_about(entry.entry_id):
                raise Broken(f"a vote deletes entry {one.details.get('entry')!r}")
            return
        if self._takes_back(one, entry):
            return
        _titled([one], "undo")
        undone = one.undoes
        if undone is None or undone.n != one.details.get("n"):
            raise Broken("an undo names a report that is not there")
        if not self._speaks_of(undone.event.title, undone.event.origin, entry):
            raise Broken(f"an undo takes back a {undone.event.title}")

    def _takes_back(self, one: Spoken, entry: Entry) -> bool:
        """Return whether a report says in another word that an entry is to be taken back."""
        kind = self._kinds.get(one.title)
        if kind is None or kind.same != DELETE or not self._edition:
            return False
        apart = (one.time - entry.time) / SECOND
        in_time = -LATER_SECONDS - kind.window <= apart <= kind.relates_within + kind.window
        return (
            kind.relates_to == entry.title and self._meant(one.origin) == entry.origin and in_time
        )

    def _speaks_of(self, title: str, origin: str, entry: Entry) -> bool:
        """Return whether a report is one of what an entry says, under its title or under another
        that says the same."""
        if entry.title == statements.TITLE:
            return title in (statements.TITLE, "confirm")
        titles = self._same.get(entry.title, (entry.title,))
        return title in titles and self._meant(origin) == entry.origin

    def _meant(self, origin: str) -> str:
        """Return the origin that a report means."""
        return origin_meant(self._names, self._origins, origin)

    def _score(self, score: dict[str, object]) -> None:
        led_to = self._sport.score(self._timeline.state)
        said_less = self._edition < WHOLE_SCORES and _within(score, led_to)
        if not (_equal(score, led_to) or said_less):
            raise Broken("the score is not the one that the entries lead to")


def _as(action: Action, title: str, details: dict[str, Detail]) -> Action:
    return Action(title, action.origin, action.time, details, action.entry, action.relates_to)


def _count(evidence: Evidence, for_: Sequence[Spoken], against: Sequence[Spoken]) -> None:
    counted = (len(for_), len(against))
    if (evidence.for_, evidence.against) != counted:
        raise Broken(
            f"it says {evidence.for_} for and {evidence.against} against; "
            f"there are votes of {counted[0]} and {counted[1]}"
        )
    if evidence.present < sum(counted):
        raise Broken(f"it says {evidence.present} present; {sum(counted)} voted")


def _accept(
    verdict: Verdict, for_: Sequence[Spoken], against: Sequence[Spoken], present: int
) -> None:
    ayes, noes = len(for_), len(against)
    if not verdict.accept(ayes, noes, max(present, ayes + noes)):
        raise Broken(f"{ayes} for and {noes} against of {present} are not enough by {verdict.name}")


def _titled(votes: Sequence[Spoken], title: str) -> None:
    for one in votes:
        if one.title != title:
            raise Broken(f"a vote says {one.title!r}, not {title!r}")


def _unchanged(entry: Entry, before: Entry, *but: str) -> None:
    """Check that a version says what the one before it said, but for some fields and all that
    tells of the version itself."""
    own = ("epoch", "seq", "status", "sent", "evidence", "text", "clock", "score", "headline")
    if entry.status == "DELETED" and not entry.review:
        # While it was under review that was the decision. A host of before does not say so.
        if entry.reviewed and not before.review:
            raise Broken("it was under no review")
        but = (*but, "review", "reviewed")
    free = {name: getattr(entry, name) for name in (*own, "place", *but)}
    if not _equal(replace(before, **free), entry):
        raise Broken("it changes what its votes do not speak of")


def _mark(entry: Entry, before: Entry) -> tuple[str, ...]:
    """Return the field that follows a time which later votes moved: into an outage, or out."""
    moved = entry.time != before.time and not before.delay_status.startswith("RECONSTRUCT")
    doubted = entry.delay_status == "RECONSTRUCTION_INACCURATE"
    return ("delay_status",) if moved and not doubted else ()


def _text(entry: Entry, before: Entry, *but: str) -> None:
    _unchanged(entry, before, *but)
    if entry.status != _as_certain(before):
        raise Broken(f"a text that follows from others makes no {entry.status} of it")
    if not _equal(entry.evidence, before.evidence):
        raise Broken("its evidence changed without votes")


def _doubt(entry: Entry, before: Entry) -> None:
    _unchanged(entry, before, "delay_status", "reason")
    inaccurate = entry.delay_status == "RECONSTRUCTION_INACCURATE"
    if not inaccurate or entry.status != _as_certain(before):
        raise Broken("it is published again without votes")
    if not _equal(entry.evidence, before.evidence):
        raise Broken("its evidence changed without votes")


def _as_certain(before: Entry) -> EntryStatus:
    """Return the status of a version that makes an entry no more certain than it was."""
    return "PROVISIONAL" if before.status == "PROVISIONAL" else "UPDATED"


def _within(one: object, other: object) -> bool:
    """Return whether a value is the same as another one as far as it goes: a release before may
    have left fields of objects out."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(key in other and _within(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_within, one, other))
    return _equal(one, other)


def _equal(one: object, other: object) -> bool:
    """Return whether two values are the same bytes on the wire; nothing equals 1 but 1, and NaN
    equals itself."""
    return msgspec.msgpack.encode(one, order="sorted") == msgspec.msgpack.encode(
        other, order="sorted"
    )
