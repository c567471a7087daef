"""What people read, in their language: `tr` and `trn` in the language of now, and the catalogues.

English is the source: a text is found in a catalogue by what it is in English, and stays English
where it is in none. Words on the wire are never translated.
"""

from .catalogue import LANGUAGES, PSEUDO, SOURCE, Catalogue, catalogue
from .choice import from_environment, from_header, known
from .now import current, mark, speak, speaking, tr, trn

__all__ = [
    "LANGUAGES",
    "PSEUDO",
    "SOURCE",
    "Catalogue",
    "catalogue",
    "current",
    "from_environment",
    "from_header",
    "known",
    "mark",
    "speak",
    "speaking",
    "tr",
    "trn",
]
