"""`touchline identity`: the keys that prove who the user is."""

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
from . import completion
from .shared import CommandGroup, emit, json_option, login_name
from .ui.listing import listing, listing_option
from .ui.tables import table

name_argument = click.argument(
    "name", default=login_name, envvar="TOUCHLINE_NAME", shell_complete=completion.identities
)


@click.group("identity", cls=CommandGroup)
def command() -> None:
    """Show, make and export the keys that prove who you are.

    Each name has a key, kept on this machine. A command makes the key when you first use its name,
    so you need this only to read out your id, to use a name on another machine, or to become an
    operator.
    """


@command.command(
    epilog="Example, to be the same person on a second machine:\n\n\b\n"
    "touchline identity create anna --from anna.secret"
)
@name_argument
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="A file with the secret that `identity export --secret` wrote; - for standard input.",
)
@json_option
def create(name: str, source: Path | None, as_json: bool) -> None:
    """Make the identity of NAME (by default your login name).

    A name that has an identity keeps it.
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
@click.argument("name", required=False, shell_complete=completion.identities)
@listing_option
def show(name: str | None, form: str) -> None:
    """Show the id and the public key of NAME, or of every name.

    The id is short enough to read out; touchline broker --operator takes the key.
    """
    if name is not None:
        _show_one(name, _existing(name), as_json=form != "table")
        return
    found = [(known, _existing(known)) for known in identity.names()]
    if found or form != "table":
        rows = [(known, key.peer, keys.to_text(key.public)) for known, key in found]
        objects = (_form(known, key) for known, key in found)
        listing(form, objects, ("name", "id", "public key"), rows)
    else:
        click.echo("no identity yet: touchline identity create", err=True)


@command.command(epilog="Example: touchline identity export anna --secret --output anna.secret")
@name_argument
@click.option("--secret", is_flag=True, help="Print the secret: everyone who has it is you.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this new file instead; only you can read a secret there.",
)
@json_option
def export(name: str, secret: bool, output: Path | None, as_json: bool) -> None:
    """Print the public key of NAME, or with --secret the secret.

    With the secret, touchline identity create --from makes you NAME on another machine.
    """
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
            f"This is the secret of {name}: everyone who has it is {name}, for good.",
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
