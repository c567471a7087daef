"""The standing link to the broker."""

from .core import LinkCore
from .service import Link

__all__ = ["Link", "LinkCore"]
