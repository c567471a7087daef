"""A declared setting checks its value, and every class of options is declared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from touchline.broker.options import Options as BrokerOptions
from touchline.datagrams.options import Options as DatagramsOptions
from touchline.gateway.options import Options as GatewayOptions
from touchline.lobby.options import Options as LobbyOptions
from touchline.peer.host.options import Options as HostOptions
from touchline.protocol.errors import SettingError
from touchline.runtime import settings
from touchline.runtime.settings import DeclaredField, Setting, declared

EVERY = [BrokerOptions, DatagramsOptions, GatewayOptions, HostOptions, LobbyOptions]

NUMBERS = [
    (options, field)
    for options in EVERY
    for field in declared(options)
    if field.kind in (int, float)
]


def even(flag: str, value: int) -> None:
    if value % 2:
        raise SettingError(f"{flag}: {value} is odd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oven:
    """What the tests below declare."""

    heat: Annotated[int, Setting("--heat", "degrees", 50, 2_000, "How hot.", further=even)] = 200
    mode: Annotated[Literal["grill", "fan"], Setting("--mode", help="How.")] = "fan"
    racks: Annotated[tuple[str, ...], Setting("--rack", help="Which.")] = ()
    colour: str = "black"

    def __post_init__(self) -> None:
        settings.check(self)


def test_fields_are_found_in_their_order() -> None:
    """A field's kind, default and choices come from the class; others are left out."""
    heat, mode, racks = declared(Oven)
    assert heat == DeclaredField("heat", int, 200, heat.setting)
    assert (mode.kind, mode.default, mode.setting.choices) == (str, "fan", ("grill", "fan"))
    assert (racks.kind, racks.default) == (tuple, ())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"heat": 3_000}, "--heat: 3,000 degrees; between 50 and 2,000 allowed"),
        ({"heat": 49}, "--heat: 49 degrees; between 50 and 2,000 allowed"),
        ({"heat": math.nan}, "--heat: nan degrees; between 50 and 2,000 allowed"),
        ({"heat": 51}, "--heat: 51 is odd"),
        ({"mode": "steam"}, "--mode: 'steam'; write one of grill, fan"),
    ],
)
def test_a_bad_value_is_named(values: dict[str, Any], sentence: str) -> None:
    """The sentence names the flag, the value, and both bounds or the choices."""
    with pytest.raises(SettingError) as caught:
        Oven(**values)
    assert caught.value.sentence == sentence


@pytest.mark.parametrize("heat", [50, 2_000])
def test_the_bounds_are_allowed(heat: int) -> None:
    """A value on a bound is valid."""
    assert Oven(heat=heat).heat == heat


def test_a_number_needs_bounds() -> None:
    """A number that is declared without bounds is a mistake of the program."""

    @dataclass(frozen=True)
    class Endless:
        size: Annotated[int, Setting("--size")] = 1

    with pytest.raises(AssertionError, match="--size is a number without bounds"):
        declared(Endless)


@pytest.mark.parametrize(
    ("options", "field"), NUMBERS, ids=[f"{o.__module__}.{f.name}" for o, f in NUMBERS]
)
def test_every_number_is_bounded(options: type, field: DeclaredField) -> None:
    """Below the least and above the most a process does not start, and its flag is named."""
    setting = field.setting
    assert setting.least is not None
    assert setting.most is not None
    for value in (setting.least - 1, setting.most + 1, math.nan):
        with pytest.raises(SettingError, match=f"^{setting.flag}: .* allowed$"):
            options(**{field.name: value})


@pytest.mark.parametrize("options", EVERY, ids=lambda options: options.__module__)
def test_every_setting_is_described(options: type) -> None:
    """Each setting has a sentence of help, a valid default, and the flag of its field's name."""
    assert options()
    for field in declared(options):
        flag = field.setting.flag.partition("/")[0]
        assert field.setting.help.endswith("."), flag
        assert not field.setting.help.endswith(".."), flag
        name = field.name if field.kind is not tuple else field.name.removesuffix("s")
        assert flag in {f"--{name.replace('_', '-')}", f"lobby {name}"}
