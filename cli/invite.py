"""`touchline invite`: make an invitation."""

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
@broker_option
@name_option
@json_option
def command(
    role: messages.Role, uses: int, expires: str, broker: str, name: str, as_json: bool
) -> None:
    """Make a code that enrols new people, or gives enrolled ones a higher role.

    Only operators can; the user who starts the broker is one. The code is shown once: the broker
    keeps only its hash.
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
    click.echo(f"enrols {who} as {role} until {until}; they run:", err=True)
    click.echo(f"  {login}", err=True)
    if addresses.is_loopback(addresses.broker(broker).host):
        click.echo(
            "This address works only on this machine; for others, write the name by which they"
            " reach it.",
            err=True,
        )


def seconds(text: str) -> float:
    """Return a duration such as 90m or 2d in seconds.

    Raises:
        SettingError: the text is not a duration, or too long a one.
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhdw])", text.strip())
    value = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not value:
        raise SettingError(f"--expires: {text!r} is not a duration; write 90m, 12h, 2d or 1w")
    if value > limits.INVITE_SECONDS:
        most = limits.INVITE_SECONDS / SECONDS["d"]
        raise SettingError(f"--expires: {text} is too long, at most {most:g}d allowed")
    return value
