"""`touchline identity`: the keys that say who one is."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import click

from ..peer import identity
from ..protocol import keys
from ..protocol.errors import NotFound, SettingError, StorageFault
from ..protocol.keys import Identity
from .shared import complete_identity, emit, json_option, login_name
from .ui.tables import table

name_argument = click.argument(
    "name", default=login_name, envvar="TOUCHLINE_NAME", shell_complete=complete_identity
)


@click.group("identity")
def command() -> None:
    """The keys that say who you are: one for each name, kept on this machine.

    Commands make a key when its name is used first, so that there is nothing to do here until you
    want to read your id out, use it on another machine, or become an operator.
    """


@command.command(
    epilog="Example, to be the same person on a second machine:"
    " touchline identity create anna --from anna.secret"
)
@name_argument
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Take the secret that `identity export --secret` wrote; - for standard input.",
)
@json_option
def create(name: str, source: Path | None, as_json: bool) -> None:
    """Make the identity of NAME (your login name unless given).

    A name that has one keeps it.
    """
    made = identity.create(name, seed=_secret(source) if source else b"")
    _show_one(name, made, as_json=as_json)


def _secret(source: Path) -> bytes:
    try:
        text = sys.stdin.buffer.read(1_000) if str(source) == "-" else source.read_bytes()
        return identity.from_text(text.strip())
    except (OSError, SettingError) as error:
        reason = error.sentence if isinstance(error, SettingError) else error
        raise SettingError(f"--from: {source}: {reason}") from None


@command.command(epilog="Example: touchline identity show anna")
@click.argument("name", required=False, shell_complete=complete_identity)
@json_option
def show(name: str | None, as_json: bool) -> None:
    """Show the id and the public key of NAME, or of all who have an identity here.

    The id is short enough to be read out; the key is what an operator gives to
    touchline broker --operator.
    """
    if name is not None:
        _show_one(name, _existing(name), as_json=as_json)
        return
    found = [(known, _existing(known)) for known in identity.names()]
    if as_json:
        for known, key in found:
            emit(_form(known, key))
    elif found:
        rows = [(known, key.peer, keys.to_text(key.public)) for known, key in found]
        table(("name", "id", "public key"), rows)
    else:
        click.echo("no identity yet: touchline identity create", err=True)


@command.command(epilog="Example: touchline identity export anna --secret --output anna.secret")
@name_argument
@click.option("--secret", is_flag=True, help="The secret itself: whoever has it is you.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write there instead, a secret for you alone; a file that is there is not replaced.",
)
@json_option
def export(name: str, secret: bool, output: Path | None, as_json: bool) -> None:
    """Print the public key of NAME; with --secret what is needed to be NAME elsewhere."""
    key = _existing(name)
    text = key.seed.hex() if secret else keys.to_text(key.public)
    if output is not None:
        _write(output, text, private=secret)
        if as_json:
            emit({**_form(name, key), "file": str(output)})
        else:
            click.echo(f"{'the secret' if secret else 'the public key'} of {name} is in {output}")
        return
    if secret:
        click.secho(
            f"This is the secret of {name}: whoever has it is {name}, everywhere and for good.",
            fg="red",
            err=True,
        )
    if as_json:
        emit(_form(name, key) | ({"secret": text} if secret else {}))
    else:
        click.echo(text)


def _existing(name: str) -> Identity:
    path = identity.file(name)
    try:
        return identity.read(path)
    except FileNotFoundError:
        raise NotFound(f"{name} has no identity here: touchline identity create {name}") from None
    except OSError as error:
        raise StorageFault(f"can't read the identity of {name}: {error}") from error


def _write(path: Path, text: str, *, private: bool) -> None:
    mode = stat.S_IRUSR | stat.S_IWUSR | (0 if private else stat.S_IRGRP | stat.S_IROTH)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
    except OSError as error:
        raise SettingError(f"--output: {error}") from None


def _form(name: str, key: Identity) -> dict[str, str]:
    return {"name": name, "peer": key.peer, "key": keys.to_text(key.public)}


def _show_one(name: str, key: Identity, *, as_json: bool) -> None:
    if as_json:
        emit(_form(name, key))
        return
    rows = [("name", name), ("id", key.peer), ("public key", keys.to_text(key.public))]
    table(("", ""), [*rows, ("kept in", str(identity.file(name)))])
