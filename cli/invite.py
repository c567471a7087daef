"""`touchline invite`: make an invitation."""

from __future__ import annotations

import io
import re
import time
from importlib import import_module

import click

from ..protocol import addresses, limits, messages, times
from ..protocol.errors import SettingError, Unreachable
from ..runtime import clock
from . import shared
from .shared import broker_option, emit, json_option, name_option

ROTATED_SECONDS = 60.0
"""How long a code on a screen is valid."""

RENEW_SECONDS = 30.0
"""How long it is shown: whoever has just read it has half of its time left."""

AGAIN_SECONDS = 3.0
"""Pause before an unreachable broker is asked again."""

TURN_SECONDS = 0.1

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}


@click.command("invite", epilog="Example: touchline invite --role reporter --uses 20 --expires 2d")
@click.option(
    "--role",
    type=click.Choice(["viewer", "reporter", "host", "operator"]),
    default="reporter",
    show_default=True,
    help="The role that the code gives; each role may do all that the roles before it may.",
)
@click.option(
    "--uses",
    type=click.IntRange(1, limits.INVITE_USES),
    default=1,
    show_default=True,
    help="How many people may use the code.",
)
@click.option(
    "--expires",
    default="1d",
    show_default=True,
    metavar="DURATION",
    help="How long the code is valid: 90m, 12h, 2d or 1w.",
)
@click.option(
    "--qr",
    is_flag=True,
    help="Show codes as QR on this terminal, such as on a screen at the ground: a new one each half"
    " minute, each valid for a minute and for --uses people; Ctrl+C ends it.",
)
@broker_option
@name_option
@json_option
def command(
    role: messages.Role, uses: int, expires: str, qr: bool, broker: str, name: str, as_json: bool
) -> None:
    """Make a code that enrols new people, or gives enrolled ones a higher role.

    Only operators can; the user who starts the broker is one. The code is shown once: the broker
    keeps only its hash.
    """
    if qr:
        if as_json:
            raise SettingError("--qr: draws on a terminal, and gives no JSON")
        _rotate(role, uses, broker, name)
        return
    request = messages.Invite(id=0, role=role, uses=uses, seconds=seconds(expires))
    reply = _invited(request, broker, name)
    login = _login(broker, reply.code)
    until = times.to_rfc3339(reply.expires)
    if as_json:
        about = {"code": reply.code, "invite": reply.invite, "role": role, "uses": uses}
        emit({"type": "invite", **about, "expires": until, "address": broker, "login": login})
        return
    click.echo(reply.code)
    who = "one person" if uses == 1 else f"{uses:,} people"
    click.echo(f"enrols {who} as {role} until {until}; they run:", err=True)
    click.echo(f"  {login}", err=True)
    if addresses.is_loopback(addresses.broker(broker).host):
        click.echo(
            "This address works only on this machine; for others, write the name by which they"
            " reach it.",
            err=True,
        )


def _invited(request: messages.Invite, broker: str, name: str) -> messages.Invited:
    with shared.link(broker, name) as link:
        reply = link.ask(request)
    if not isinstance(reply, messages.Invited):
        raise AssertionError(f"the broker answered invite with {type(reply).__name__}")
    return reply


def _login(broker: str, code: str) -> str:
    return f"touchline login '{broker}' --invite {code}"


def _rotate(role: messages.Role, uses: int, broker: str, name: str) -> None:
    """Show one code after the other until the command is stopped."""
    drawn("")  # without the library there is no use in a code
    request = messages.Invite(id=0, role=role, uses=uses, seconds=ROTATED_SECONDS)
    shown = False
    with shared.stop_flag() as stopped:
        while not stopped.is_set():
            try:
                login = _login(broker, _invited(request, broker, name).code)
            except Unreachable as error:
                if not shown:
                    raise
                click.echo(f"{error.sentence}; trying again", err=True)
                pause = AGAIN_SECONDS
            else:
                shown = True
                click.clear()
                click.echo(drawn(login))
                click.echo(f"{role}: {login}")
                pause = RENEW_SECONDS
            until = clock.now() + pause
            while not stopped.is_set() and clock.now() < until:
                time.sleep(TURN_SECONDS)


def drawn(text: str) -> str:
    """Return a text as a QR code, drawn with characters.

    Raises:
        SettingError: the library that draws it is not installed.
    """
    try:
        segno = import_module("segno")
    except ModuleNotFoundError:
        raise SettingError("--qr: segno is not installed; install touchline[qr]") from None
    lines = io.StringIO()
    segno.make(text or " ", error="l", micro=False).terminal(lines, border=2, compact=True)
    return lines.getvalue().rstrip("\n")


def seconds(text: str) -> float:
    """Return a duration such as 90m or 2d in seconds.

    Raises:
        SettingError: the text is not a duration, or is too long.
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhdw])", text.strip())
    value = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not value:
        raise SettingError(f"--expires: {text!r} is not a duration; write 90m, 12h, 2d or 1w")
    if value > limits.INVITE_SECONDS:
        most = limits.INVITE_SECONDS / SECONDS["d"]
        raise SettingError(f"--expires: {text} is too long, at most {most:g}d allowed")
    return value
