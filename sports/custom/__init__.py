"""Any contest that counts points, described by a TOML file instead of by code."""

from .definition import ACTIONS, define, read
from .sport import CUSTOM, ORIGINS, Custom

__all__ = ["ACTIONS", "CUSTOM", "ORIGINS", "Custom", "define", "read"]
