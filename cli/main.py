"""The `touchline` command: finds the command's file, and turns errors into sentences."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ..protocol.errors import Interrupted, SettingError, TouchlineError
from . import settings

VARIABLES = "TOUCHLINE"
"""What the name of every variable begins with."""

COMMANDS = {
    "broker": "identify peers, find events",
    "config": "show the settings, and check a file of them",
    "datagrams": "serve an event, or a made-up match, as UDP datagrams",
    "datagrams-client": "follow an event that is served as UDP datagrams",
    "demo": "watch the 2022 World Cup final being reported by a noisy crowd",
    "events": "create, find and show events",
    "export": "write an event's timeline as JSON lines, CSV or a page, or its proof",
    "gateway": "serve events to browsers and programs: pages, WebSocket, REST",
    "host": "collect reports on an event, decide, publish",
    "identity": "the keys that say who you are",
    "invite": "let people in at a broker",
    "login": "know a broker by name, and be known there",
    "logout": "forget a broker",
    "members": "list who is enrolled at a broker",
    "record": "keep an event's feed in a file, as it comes",
    "replay": "report a recorded match again, at any speed",
    "report": "say what happened",
    "revoke": "put somebody out at a broker",
    "simulate": "make up a match, and a crowd that reports it",
    "sports": "the sports, their actions and rules",
    "verify": "check the proof of an event, without a network",
    "watch": "follow an event",
}


class Commands(click.Group):
    """Loads a command's file when it is called, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module("." + cmd_name.replace("-", "_"), __package__)
        command: click.Command = module.command
        settings.name_variables(command, f"{VARIABLES}_{cmd_name}")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _configure(ctx: click.Context, _param: click.Parameter, path: Path | None) -> None:
    """Let a TOML file give the defaults: a table a command, a key a flag."""
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
    epilog="Exit codes: 0 done, 1 a fault, 2 a bad flag or value, 3 not found, 4 refused,"
    " 5 nobody answered, 6 address taken, 7 storage, 8 not trusted, 130 interrupted."
    " Every flag can be given as a variable (TOUCHLINE_WATCH_JSON=1) or in the --config file."
    ' For completion put eval "$(_TOUCHLINE_COMPLETE=bash_source touchline)" into ~/.bashrc;'
    " zsh_source and fish_source are for those shells.",
)
@click.version_option(package_name="touchline")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_configure,
    expose_value=False,
    is_eager=True,
    help="A TOML file with defaults: a table a command, a key a flag.",
)
def touchline() -> None:
    """Live match reporting by the people who are there.

    \b
    Try it:            touchline demo
    Run it, each in a terminal of its own:
      touchline broker
      touchline events create "Argentina v France" --sport football \\
                --origin Argentina --origin France
      touchline host EVENT
      touchline report EVENT goal --origin Argentina --name anna
      touchline watch EVENT
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; ends the process with a documented exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        result: Any = touchline.main(arguments, prog_name="touchline", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(Interrupted.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(Interrupted.exit_code)
    except BrokenPipeError:
        # Whoever read our output has had enough; say nothing more, not even at exit.
        sys.stdout = None
        sys.exit(0)
    except TouchlineError as error:
        _tell(error, as_json="--json" in arguments)
        sys.exit(error.exit_code)
    sys.exit(result if isinstance(result, int) else 0)


def _tell(error: TouchlineError, *, as_json: bool) -> None:
    if as_json:
        from .shared import emit

        emit({"type": "error", "code": error.code, "reason": error.sentence})
    else:
        click.secho(f"error: {error.sentence}", fg="red", err=True)
