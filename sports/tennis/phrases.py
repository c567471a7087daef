"""Tennis in a sentence, in English and Portuguese."""

from __future__ import annotations

from ..capabilities import Phrases

PHRASES = Phrases(
    languages=("en", "pt"),
    actions={"point": ("Point for {team}", "Ponto de {team}")},
    details={},
    notes={},
)
