"""The end of an event: by the rules of its sport, or by the votes of its reporters. Pure."""

from __future__ import annotations

from ....protocol import codec, messages
from ....protocol.messages import Fate
from .outage import EventEnded
from .publications import finished
from .publisher import Publisher
from .state import EventState
from .turn import Turn


class Ending:
    """Ends an event.

    Args:
        state: is finished by it.
        turn: the fates of the votes for the end.
        publisher: puts the message that ends the feed on it.
    """

    def __init__(self, state: EventState, turn: Turn, publisher: Publisher) -> None:
        self._state = state
        self._turn = turn
        self._publisher = publisher
        self._delay = state.clock.real(state.options.finish_after)  # seconds

    def consider(self) -> None:
        """Let the event end some time after the sport says that nothing more can happen.

        It ends also while contact is lost, but not while an outage is put together, which may
        change the score.
        """
        state = self._state
        reconstructing = state.outage.state == "reconstructing"
        if state.finished or reconstructing or not state.sport.over(state.timeline.state):
            state.finish_at = None
        elif state.finish_at is None:
            state.finish_at = state.now + self._delay

    def finish(self) -> None:
        """Say on the feed that the event is over."""
        state = self._state
        message = finished(
            state.card.event,
            state.epoch,
            state.feed.seq + 1,
            state.wall,
            state.sport,
            state.timeline.state,
        )
        self._publisher.send(codec.encode(message))
        self._close(state.feed.seq)

    def restore(self, message: messages.Finished, raw: bytes) -> None:
        """End the event as the journal says."""
        self._state.feed.append(raw)
        self._close(message.seq)

    def _close(self, seq: int) -> None:
        """Take nothing more in; add the fates of the votes for the end."""
        state = self._state
        state.outage.take(EventEnded())
        state.finished = True
        state.finish_at = None
        for claim in [one for one in state.claims.open.values() if one.index.title == "end"]:
            state.claims.close(claim, forget=True)
            self._turn.add_fates(claim, Fate(n=0, outcome="accepted", seq=seq))
