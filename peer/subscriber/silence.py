"""The cause of a feed's silence. Pure.

| kind | means |
|---|---|
| quiet | all is well: nothing happens, or what happens is shown |
| reconstructing | contact with the venue is back; the host reconstructs what happened meanwhile |
| venue_lost | the host hears no reporter |
| disagree | enough reporters report something, and as many are against it |
| host_trouble | the host can store nothing or is without its lease, so that it confirms nothing |
| host_lost | the broker answers, the host does not |
| link_lost | neither the host nor the broker answers: this end has lost its connection |
| relay_lost | the feed comes from a stream, and no relay is heard that would fill it |
| silent | the host does not answer; the broker has been asked and has not answered yet |
"""

from __future__ import annotations

from dataclasses import dataclass

from ...protocol.messages import FeedState
from ...protocol.times import to_rfc3339


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the feed shows nothing, or nothing certain.

    Args:
        kind: see the table above.
        text: a sentence for people.
    """

    kind: str
    text: str


QUIET = Cause("quiet", "the feed is live")

OWN_LINK = ": look at your own link"
"""The end of a text about a link that is lost; it is for who runs this process."""


def of_host(*, broker: bool | None) -> Cause:
    """Return the cause of a host's silence.

    Args:
        broker: whether the broker has answered since; None while it is being asked.
    """
    if broker is None:
        return Cause("silent", "the host can't be heard; the broker is being asked")
    if broker:
        return Cause("host_lost", "the host can't be heard, but the broker can")
    return Cause("link_lost", f"neither host nor broker can be heard{OWN_LINK}")


def cause(
    *,
    silence: Cause | None,
    state: FeedState,
    last_received: int,
    disputed: int,
    trouble: str,
) -> Cause:
    """Return the cause of the silence; of several, the gravest.

    Args:
        silence: why nothing comes, by the feed's source, where nothing has come for two heartbeats;
            otherwise None.
        state: by the host's newest alarm, heartbeat or `restored`.
        last_received: wall time at which the host last heard a reporter, microseconds; 0: unknown.
        disputed: the number of claims with enough reporters for them and as many against them.
        trouble: why the host takes nothing in; empty where it does.
    """
    if silence is not None:
        return silence
    if trouble:
        return Cause("host_trouble", f"the host is in trouble: {trouble}")
    if state == "suspended":
        since = f" since {to_rfc3339(last_received)}" if last_received else ""
        return Cause("venue_lost", f"nothing has been heard from the venue{since}")
    if state == "reconstructing":
        return Cause("reconstructing", "contact is back; the outage is being reconstructed")
    if disputed:
        return Cause("disagree", f"the reporters disagree on {disputed} of the open claims")
    return QUIET
