"""Tennis in a sentence; the catalogues have it in other languages."""

from __future__ import annotations

from ..capabilities import Phrases

PHRASES = Phrases(actions={"point": "Point for {team}"}, details={}, notes={})
