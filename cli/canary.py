"""`touchline canary`: go the whole way every few seconds, and be missed when a part breaks."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from ..protocol.errors import SettingError
from ..runtime.folders import data_folder
from . import completion, creating, grants, shared

if TYPE_CHECKING:
    from ..peer import Link
    from ..peer.canary.core import CanaryCore

MISSED = 5
"""The exit code where a round of `--rounds` was missed."""


@click.command(epilog="Example: touchline canary --page http://127.0.0.1:8080 --metrics '*:9673'")
@click.argument("event", required=False, default="", shell_complete=completion.events)
@shared.broker_option
@click.option(
    "--name",
    default="canary",
    show_default=True,
    envvar="TOUCHLINE_NAME",
    help="The canary's name; its reporters are NAME-1, NAME-2 and NAME-3.",
)
@click.option("--invite", default="", metavar="CODE", help="Enrol its keys with this invitation.")
@grants.hosts_option
@click.option(
    "--every",
    type=click.FloatRange(0.5, 3_600),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often a round begins; one that has not come through by then is missed.",
)
@click.option("--page", default="", metavar="URL", help="Look at this gateway's feed, too.")
@click.option(
    "--rounds", type=click.IntRange(1), help="End after so many; exit code 5 if one was missed."
)
@shared.metrics_option
@shared.json_option
@shared.log_options("canary")
def command(
    event: str,
    broker: str,
    name: str,
    invite: str,
    hosts: list[str],
    every: float,
    page: str,
    rounds: int | None,
    metrics: str,
    as_json: bool,
) -> int:
    """Report by three keys of its own, and see the entry on the feed and at a gateway.

    Without EVENT it has an event of its own, which no search finds and no other metric counts. Host
    it like any other, with --verdict fixed:3: the canary says how.
    """
    if page and not page.startswith(("http://", "https://")):
        raise SettingError(f"--page: {page!r} is not the URL of a gateway; write http://HOST:PORT")
    from ..monitoring.canary import canary_collector, canary_readiness
    from ..peer.canary.service import VOICES, Canary

    with ExitStack() as stack:
        links = [
            stack.enter_context(
                shared.link(broker, f"{name}-{n}", ["reporter", "viewer"], invite=invite)
            )
            for n in range(1, VOICES + 1)
        ]
        # The first voice owns the event.
        event = event or _own_event(links[0], hosts)
        canary = stack.enter_context(
            Canary(event, links, data_folder() / "canary" / name, every, page)
        )
        url = stack.enter_context(
            shared.metrics_page(
                metrics, lambda: (canary_collector(canary.core), canary_readiness(canary.core))
            )
        )
        if url:
            links[0].announce("canary", shared.place_of_page(url))
        stopped = stack.enter_context(shared.stop_flag())
        progress = CanaryProgress(canary.core, rounds, as_json=as_json)
        progress.begin(event, url)
        canary.run(lambda: progress() and not stopped.is_set())
    progress.sum_up()
    return MISSED if rounds and sum(canary.core.missed.values()) else 0


def _own_event(link: Link, hosts: list[str]) -> str:
    from ..peer import owning

    return owning.create(link, creating.wanted_canary(hosts)).event


class CanaryProgress:
    """Prints each round that was missed, and as JSON each round; call it about once a second.

    Args:
        core: the canary's.
        rounds: after how many the canary ends; None: never.
        as_json: whether it prints JSON.
    """

    def __init__(self, core: CanaryCore, rounds: int | None, *, as_json: bool) -> None:
        self._core = core
        self._rounds = rounds
        self._as_json = as_json
        self._seen = 0
        self._missed = 0
        self._broken = ""

    def begin(self, event: str, url: str) -> None:
        """Print where the canary is, and how its event is hosted."""
        if self._as_json:
            shared.emit({"type": "canary", "event": event, "metrics": url or None})
            return
        click.echo(f"canary of {event}; it is hosted by: touchline host {event} --verdict fixed:3")

    def __call__(self) -> bool:
        """Print the news; return whether the canary goes on."""
        core = self._core
        missed = sum(core.missed.values())
        if (core.seen, missed) != (self._seen, self._missed):
            self._seen, self._missed = core.seen, missed
            if self._as_json:
                about = {"seen": core.seen, "missed": missed, "part": core.broken or None}
                shared.emit({"type": "round", **about})
            elif core.broken != self._broken:
                click.echo(
                    f"missed: no round comes through this part: {core.broken}"
                    if core.broken
                    else "rounds come through again"
                )
            self._broken = core.broken
        return self._rounds is None or self._seen + self._missed < self._rounds

    def sum_up(self) -> None:
        """Print how many rounds there were."""
        missed = sum(self._core.missed.values())
        if self._as_json:
            shared.emit({"type": "stopped", "seen": self._core.seen, "missed": missed})
        else:
            click.echo(f"canary stopped: {self._core.seen:,} rounds seen, {missed:,} missed")
