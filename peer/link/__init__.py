"""A peer's link to the broker, which stays over restarts of the broker."""

from .core import LinkCore
from .service import Link

__all__ = ["Link", "LinkCore"]
