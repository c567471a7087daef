"""The `touchline` command: finds a command's file, and turns errors into sentences."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from ..protocol.errors import Interrupted, SettingError, TouchlineError
from . import output, settings

VARIABLES = "TOUCHLINE"
"""The beginning of the name of every variable."""

COMMANDS = {
    "backup": "copy a registry or journal while it is in use",
    "book": "keep what graded matches say of each reporter",
    "broker": "run a broker, which enrols peers and finds events",
    "club": "run everything that a club needs: broker, host, gateway and pages",
    "canary": "go the whole way every few seconds, and be missed when a part breaks",
    "config": "show the settings, and check a file of them",
    "convert": "turn a match in the format of others into a match file",
    "datagrams": "serve an event, or a simulated match, as UDP datagrams",
    "datagrams-client": "follow an event over UDP datagrams",
    "demo": "watch the 2022 World Cup final being reported by a noisy crowd",
    "doctor": "check ports, keys, clocks, files, disk and limits, and say what to do",
    "events": "create, find and show events, rule on your own",
    "export": "write an event's timeline as JSON lines, CSV, a page or a proof",
    "gateway": "serve events to browsers and programs: pages, WebSocket, REST",
    "grade": "grade the reporters of an event by an official record",
    "host": "collect reports on events, decide what happened, publish it",
    "hosts": "see the hosts that take events, and say which has which",
    "identity": "show, make and export the keys that prove who you are",
    "invite": "make an invitation to a broker",
    "journal": "find damage in a host's journal, and keep the rest",
    "login": "keep a broker's address, and enrol there",
    "logout": "forget a broker",
    "members": "list the people who are enrolled at a broker",
    "open": "open the page of an event in a browser",
    "pool": "say which hosts are in a pool, to which owners grant events",
    "record": "record an event's feed in a file",
    "relay": "put feeds into NATS, for any number of places",
    "replay": "report a match again, at any speed",
    "report": "report what happened",
    "restore": "put a copy of a registry or journal back",
    "revoke": "put a person out of a broker",
    "simulate": "make up a match, and a crowd that reports it",
    "sports": "list the sports, and show their actions and rules",
    "top": "show brokers, hosts, events, votes, loss and alerts as they are",
    "trace": "show the way of one report, with times, from its host's journal",
    "verify": "check the proof of an event offline",
    "version": "show the version, and those of what it runs on",
    "watch": "follow an event",
}


WITHIN_HOSTS = {"add", "drop", "drain"}
"""What `touchline host` takes as `touchline hosts` does; no id of an event is such a word."""


class Commands(click.Group):
    """A group that loads the file of a command at its call, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module("." + cmd_name.replace("-", "_"), __package__)
        command: click.Command = module.command
        settings.name_variables(command, f"{VARIABLES}_{cmd_name}")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] == "host" and len(args) > 1 and args[1] in WITHIN_HOSTS:
            args = ["hosts", *args[1:]]
        # Click would look for what was meant among commands that are loaded already: none.
        if args[0] not in COMMANDS and (meant := get_close_matches(args[0], COMMANDS, 1)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {meant[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _configure(ctx: click.Context, _param: click.Parameter, path: Path | None) -> None:
    """Take the defaults from a TOML file with a table for each command and a key for each flag."""
    if path is None:
        return
    try:
        found = settings.read(ctx, path)
    except SettingError as error:
        raise SettingError(f"--config: {error.sentence}") from None
    for problem in found.problems:
        raise SettingError(f"--config: {path}: {problem}")
    ctx.default_map = found.values


@click.group(
    cls=Commands,
    context_settings={"auto_envvar_prefix": VARIABLES, "help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a fault, 2 a flag or value that is not valid, 3 not found,"
    " 4 refused, 5 no answer, 6 address taken, 7 storage, 8 not trusted, 130 interrupted.\n\n"
    "Every flag can also be given as a variable (TOUCHLINE_WATCH_JSON=1) or in the --config file;"
    " touchline config show lists them all.\n\n"
    'For completion, put eval "$(_TOUCHLINE_COMPLETE=bash_source touchline)" into ~/.bashrc;'
    " zsh_source and fish_source are for the other shells.",
)
@click.version_option(package_name="touchline")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_configure,
    expose_value=False,
    is_eager=True,
    help="A TOML file of settings: a table a command, a key a flag.",
)
def touchline() -> None:
    """Live match reporting by the people who are there.

    \b
    Try it:
      touchline demo
    Run it, each command in a terminal of its own:
      touchline broker
      touchline events create "Argentina v France" --sport football \\
                --origin Argentina --origin France
      touchline host EVENT
      touchline report EVENT goal --origin Argentina --name anna
      touchline watch EVENT
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with a documented exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    output.prepare()
    code = 0
    try:
        code = _run(arguments)
    except TouchlineError as error:
        code = error.exit_code
        with contextlib.suppress(OSError):  # of standard output: `finish` knows it
            _print_error(error, as_json=_asks_for_json(arguments))
    except (OSError, SystemExit):  # the latter is what click and rich make of the former
        if not output.failed():
            raise
    fault = output.finish()
    if fault is not None:
        _print_error(fault, as_json=False)  # not to standard output
    sys.exit(code or (fault.exit_code if fault is not None else 0))


def _run(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    try:
        result: Any = touchline.main(arguments, prog_name="touchline", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return Interrupted.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return result if isinstance(result, int) else 0


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Return whether the flags ask for JSON, whichever command they are of."""
    forms = {"json", "jsonl"}
    given = {f"{flag}{form}" for form in forms for flag in ("-o", "--output=")}
    apart = any(flag in ("-o", "--output") and form in forms for flag, form in pairwise(arguments))
    return apart or not given.isdisjoint(arguments) or "--json" in arguments


def _print_error(error: TouchlineError, *, as_json: bool) -> None:
    if as_json:
        from .shared import emit

        emit({"type": "error", "code": error.code, "reason": error.sentence})
    else:
        click.secho(f"error: {error.sentence}", fg="red", err=True)
