"""What programs import of Touchline is named, and can be found."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["peer", "sports", "proof"])
def test_a_public_package_shows_what_it_offers(package: str) -> None:
    """Every public name is listed by `dir` and can be had, also one that is loaded at first use."""
    module = import_module(f"touchline.{package}")
    assert module.__all__
    assert set(module.__all__) <= set(dir(module))
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_names_loaded_at_first_use_are_the_public_ones() -> None:
    """The table of lazily loaded names and the list of public names do not part."""
    module = import_module("touchline.peer")
    assert set(module.__all__) == set(module._PUBLIC)
