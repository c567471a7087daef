"""`touchline relay`: put feeds into a stream of NATS."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from ..protocol.text import plain
from ..relay.options import Options
from ..runtime.nats_client import NatsOptions
from . import completion, shared
from .settings import settings

if TYPE_CHECKING:
    from ..relay.service import Relay


@click.command(
    "relay", epilog="Example: touchline relay argentina-v-france-k7m2 --nats nats://feeds.example"
)
@click.argument(
    "events", nargs=-1, required=True, metavar="EVENT...", shell_complete=completion.events
)
@shared.broker_option
@shared.name_option
@click.option(
    "--nats",
    required=True,
    metavar="ADDRESS",
    envvar="TOUCHLINE_NATS",
    help="NATS with JetStream, nats://HOST:PORT or tls://HOST:PORT; several with commas between.",
)
@settings(NatsOptions)
@settings(Options)
@click.option("--until-finished", is_flag=True, help="Stop when all events are over.")
@shared.metrics_option
@shared.metrics_events_option
@shared.json_option
@shared.log_options("relay")
def command(
    events: tuple[str, ...],
    broker: str,
    name: str,
    nats: str,
    until_finished: bool,
    metrics: str,
    metrics_events: int,
    as_json: bool,
    **values: Any,
) -> int:
    """Put the feeds of events into NATS, from where any number of places read them.

    The relay is one subscriber of each event; `touchline watch --source` and `touchline gateway
    --source` read from NATS, and need nothing of the host. Two relays of one event may run: each
    message is stored once. The relay runs until Ctrl+C or SIGTERM.
    """
    who = shared.nats_options(values)
    options = Options(**values)
    # Imported here so that --help stays quick.
    from ..monitoring.relay import relay_collector, relay_readiness
    from ..relay.service import Relay
    from ..runtime.nats_client import NatsClient

    client = NatsClient(nats, who, f"touchline relay {name}")
    with ExitStack() as stack:
        link = stack.enter_context(shared.link(broker, name, ["viewer"]))
        chosen = tuple(dict.fromkeys(events))
        for event in chosen:
            shared.card_of(link, event)
        client.start()
        stack.callback(client.close)
        relay = Relay(options, link, client, chosen)
        page = stack.enter_context(
            shared.metrics_page(
                metrics, lambda: (relay_collector(relay, metrics_events), relay_readiness(relay))
            )
        )
        if page:
            relay.announce(shared.place_of_page(page))
        stack.enter_context(shared.serving(relay.stop))
        printer = _ProgressPrinter(relay, until_finished=until_finished, as_json=as_json)
        printer.greet(page)
        relay.run(printer.look)
    printer.sum_up()
    return max((error.exit_code for error in relay.lost.values()), default=0)


class _ProgressPrinter:
    """Prints what becomes of a relay's events.

    Args:
        relay: looked at after each turn.
        until_finished: stop it when all events are over.
        as_json: print objects.
    """

    def __init__(self, relay: Relay, *, until_finished: bool, as_json: bool) -> None:
        self._relay = relay
        self._until_finished = until_finished
        self._as_json = as_json
        self._lines: dict[str, str] = {}  # the newest of each event

    def greet(self, page: str) -> None:
        """Say where the feeds go."""
        shown = self._relay.nats.shown
        if self._as_json:
            shared.emit({"type": "relaying", "nats": shown, "metrics": page or None})
            return
        click.echo(f"relaying to {shown}")
        click.echo("Ctrl+C stops it.")

    def look(self) -> None:
        """Print what has changed, and stop the relay where all is over."""
        relay = self._relay
        if relay.nats.refusal is not None:
            self._say("", "refused", relay.nats.refusal.sentence)
        for event, error in relay.lost.items():
            self._say(event, "lost", error.sentence)
        for event, one in relay.events.items():
            if not relay.nats.connected:
                self._say(event, "waits", relay.nats.trouble or "NATS is being connected to")
            elif one.trouble:
                self._say(event, "waits", one.trouble)
            elif one.contact != "heard":
                self._say(event, one.contact, one.contact_text)
            elif one.card is not None and not one.core.behind and one.feed.core.tracker.whole:
                self._say(event, "relayed", "all that the host has published is in the stream")
        if self._until_finished and relay.done:
            relay.stop()

    def sum_up(self) -> None:
        """Print what was stored."""
        stored = {event: one.core.counters.stored for event, one in self._relay.events.items()}
        if self._as_json:
            shared.emit({"type": "stopped", "stored": stored})
        else:
            click.echo(f"relay stopped: {sum(stored.values()):,} messages stored")

    def _say(self, event: str, kind: str, text: str) -> None:
        if self._lines.get(event) == kind + text:
            return
        self._lines[event] = kind + text
        if self._as_json:
            shared.emit({"type": kind, "event": event or None, "text": text})
        else:
            click.echo(f"{event or 'NATS'}: {plain(text)}")
