"""`touchline invite`: let people in."""

from __future__ import annotations

import re

import click

from ..protocol import addresses, limits, messages, times
from ..protocol.errors import SettingError
from . import shared
from .shared import broker_option, emit, json_option, name_option

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}


@click.command("invite", epilog="Example: touchline invite --role reporter --uses 20 --expires 2d")
@click.option(
    "--role",
    type=click.Choice(["viewer", "reporter", "host", "operator"]),
    default="reporter",
    show_default=True,
    help="What they may do; each role may do what those before it may.",
)
@click.option(
    "--uses",
    type=click.IntRange(1, limits.INVITE_USES),
    default=1,
    show_default=True,
    help="How many may come in by it.",
)
@click.option(
    "--expires",
    default="1d",
    show_default=True,
    metavar="DURATION",
    help="For how long it holds: 90m, 12h, 2d, 1w.",
)
@broker_option
@name_option
@json_option
def command(
    role: messages.Role, uses: int, expires: str, broker: str, name: str, as_json: bool
) -> None:
    """Make a code that lets new people in, or gives those who are in a further role.

    For operators: whoever starts the broker is one. The code is shown once; the broker keeps only
    its hash.
    """
    request = messages.Invite(id=0, role=role, uses=uses, seconds=seconds(expires))
    with shared.link(broker, name) as link:
        reply = link.ask(request)
    if not isinstance(reply, messages.Invited):
        raise AssertionError(f"the broker answered invite with {type(reply).__name__}")
    login = f"touchline login '{broker}' --invite {reply.code}"
    until = times.to_rfc3339(reply.expires)
    if as_json:
        about = {"code": reply.code, "invite": reply.invite, "role": role, "uses": uses}
        emit({"type": "invite", **about, "expires": until, "address": broker, "login": login})
        return
    click.echo(reply.code)
    who = "one person" if uses == 1 else f"{uses:,} people"
    click.echo(f"lets {who} in as {role} until {until}; they say:", err=True)
    click.echo(f"  {login}", err=True)
    if addresses.is_loopback(addresses.broker(broker).host):
        click.echo(
            "This address is good on this machine alone: for others put in the name by which they"
            " reach it.",
            err=True,
        )


def seconds(text: str) -> float:
    """Return a duration such as 90m or 2d in seconds.

    Raises:
        SettingError: it is none, or too long.
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhdw])", text.strip())
    value = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not value:
        raise SettingError(f"--expires: {text!r} is no duration; write 90m, 12h, 2d or 1w")
    if value > limits.INVITE_SECONDS:
        most = limits.INVITE_SECONDS / SECONDS["d"]
        raise SettingError(f"--expires: {text} is too long, at most {most:g}d allowed")
    return value
