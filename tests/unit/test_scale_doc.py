"""docs/SCALE.md has the tables that follow from the measured figures."""

from __future__ import annotations

from pathlib import Path

from bench import scale

DOCUMENT = Path(__file__).parents[2] / "docs" / "SCALE.md"


def test_the_tables_are_computed() -> None:
    """Whoever changes a figure writes the tables anew: `python -m bench.scale`."""
    text = DOCUMENT.read_text("utf-8")
    shown = text.partition("<!-- computed: python -m bench.scale -->")[2].partition("<!-- end")[0]
    assert shown.strip() == scale.tables()


def test_what_is_larger_needs_no_less() -> None:
    """More matches or viewers need no less of any part."""
    small = scale.Layout("small", 10, 12, 2_000)
    for large in (scale.Layout("l", 1_000, 12, 2_000), scale.Layout("l", 10, 12, 2_000_000)):
        for before, after in zip(scale.needs(small), scale.needs(large), strict=True):
            assert after.cores >= before.cores, after.part
            assert after.processes >= before.processes, after.part
