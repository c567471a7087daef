"""`touchline top`: what runs, and how it is."""

from __future__ import annotations

import time
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from ..protocol.text import plain
from . import shared
from .ui.listing import listing, listing_option
from .ui.tables import on_screen, table

if TYPE_CHECKING:
    from ..monitoring.scrape import Scraper

DEFAULT = "127.0.0.1:9670"
"""Where a broker's metrics are unless said otherwise."""

MORE = "this goes on, and can be sorted, with pip install 'touchline[terminal]'"
"""What a terminal without the extra is told."""

BETWEEN_SECONDS = 1.0
"""The pause between the two looks of a single table, which rates need."""


@click.command(
    epilog="Examples:\n\n\b\n"
    "  touchline top\n      what the broker of this machine knows, where it runs with --metrics\n"
    "  touchline top --targets broker.example:9670\n"
    "  touchline top --metrics 127.0.0.1:9671 --metrics 127.0.0.1:9672 -o json"
)
@click.option(
    "--targets",
    default="",
    metavar="HOST:PORT",
    show_default=f"{DEFAULT} where no --metrics is given",
    help="The metrics port of a broker, which lists the other processes.",
)
@click.option(
    "--metrics",
    "pages",
    multiple=True,
    metavar="HOST:PORT",
    help="The metrics of a process, or their URL; repeat the flag for more.",
)
@click.option(
    "--every",
    type=click.FloatRange(0.5, 600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often all are asked.",
)
@listing_option
def command(targets: str, pages: tuple[str, ...], every: float, form: str) -> None:
    """Show brokers, hosts, events, votes, loss and alerts as they are now.

    A terminal shows tables that go on and can be sorted (with the extra touchline[terminal]; ?
    shows the keys). Elsewhere, or with --output, they are printed once. It only shows: it reads the
    metrics that each process serves by its --metrics, and changes nothing.
    """
    from ..monitoring.scrape import Scraper

    scraper = Scraper(targets or ("" if pages else DEFAULT), pages)
    if form == "table" and on_screen():
        if find_spec("textual") is not None:
            from .ui.top_app import TopApp

            with shared.stop_flag() as stopped:
                TopApp(scraper, every, stopped.is_set).run()
            return
        click.echo(MORE, err=True)
    scraper.turn()
    time.sleep(BETWEEN_SECONDS)
    scraper.turn()
    _print(scraper, form)


def _print(scraper: Scraper, form: str) -> None:
    from .ui.top_tables import ALERTS, EVENTS, PROCESSES, summary_line

    overview = scraper.overview
    tables = (EVENTS, PROCESSES, ALERTS)
    if form == "table":
        click.echo(summary_line(overview))
        for each in tables:
            rows = [[column.text(row) for column in each.columns] for row in each.rows(overview)]
            if rows:
                table([column.heading for column in each.columns], rows, title=each.title)
        if scraper.reason:
            click.echo(plain(scraper.reason), err=True)
        return
    objects = [{"type": each.name, **asdict(row)} for each in tables for row in each.rows(overview)]
    listing(form, objects, (), ())
