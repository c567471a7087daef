"""The texts of pages and scripts, found and said in another language."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from touchline.runtime.languages import PSEUDO, Catalogue, catalogue
from touchline.runtime.languages.markup import page, script, texts_of_page, texts_of_script

FRENCH = Catalogue(
    "fr",
    {
        "Share": ("Partager",),
        'A "name"': ('Un "nom"',),
        "One <b>line</b> a name": ("Une <b>ligne</b> par nom",),
        "{n} vote": ("{n} voix", "{n} voix !"),
    },
)

HTML = (
    '<html lang="en"><a translate="no">Touchline</a><p id="x" title="A &quot;name&quot;">\n  One '
    "<b>line</b>\n a name </p><div>Share<button>Share</button></div><svg><title>Share</title></svg>"
    '<script>Share</script><input placeholder="Share"><code></code><p>12 · 3</p>'
)


def test_a_sentence_is_one_text_with_what_stands_in_it() -> None:
    """Markup within a sentence belongs to it; scripts, drawings and names are no texts."""
    found = [(one.text, one.attribute) for one in texts_of_page(HTML)]
    assert found == [
        ('A "name"', True),
        ("One <b>line</b> a name", False),
        ("Share", False),
        ("Share", False),
        ("Share", True),
    ]


def test_a_page_is_said_in_its_language_and_direction() -> None:
    """The texts change and nothing else; attributes are escaped again."""
    made = page(HTML, FRENCH)
    assert made.startswith('<html lang="fr" dir="ltr">')
    assert 'title="Un &quot;nom&quot;"' in made
    assert ">\n  Une <b>ligne</b> par nom </p>" in made
    assert made.count("Partager") == 3
    assert "<script>Share</script>" in made
    assert 'dir="rtl"' in page(HTML, catalogue(PSEUDO))
    assert page(HTML, catalogue("en")).replace(' dir="ltr"', "") == HTML


SCRIPT = """
const a = tr("Share");
const b = tr(
  "Unknown {name}",
  { name: "x" },
);
const c = trn("{n} vote", "{n} votes", 2);
const d = tr("Share",
);
function tr(text, values) { return text + (values ? values.name : ""); }
function trn(forms, _, n) { return forms[n > 1 ? 1 : 0]; }
console.log([a, b, c, d].join("|"));
"""


def test_a_script_is_said_in_its_language() -> None:
    """A text stands in place of its call; one with values is still filled; all forms are there."""
    assert texts_of_script(SCRIPT) == [
        ("Share", ""),
        ("Unknown {name}", ""),
        ("Share", ""),
        ("{n} vote", "{n} votes"),
    ]
    made = script(SCRIPT, FRENCH)
    assert 'const a = "Partager";' in made
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here to run it")
    ran = subprocess.run([node, "-e", made], capture_output=True, text=True, check=True)
    assert ran.stdout == "Partager|Unknown {name}x|{n} voix !|Partager\n"
