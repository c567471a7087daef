"""`docs/man` holds a page for each command, made from its help; `make docs` writes them anew."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.patience import PATIENCE
from touchline.cli.main import COMMANDS, touchline

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "man"

GROFF = shutil.which("groff")


def pages() -> dict[str, str]:
    """Return every man page by the name of its file."""
    root = click.Context(touchline, info_name="touchline", auto_envvar_prefix="TOUCHLINE")
    about = "live match reporting by the people who are there"
    found = {"touchline.1": _page(root, about, (*_commands(),))}
    for name, text in COMMANDS.items():
        command = touchline.get_command(root, name)
        assert command is not None
        ctx = click.Context(command, info_name=name, parent=root)
        found[f"touchline-{name}.1"] = _page(ctx, text)
    return found


def _commands() -> Iterator[str]:
    yield ".SH COMMANDS"
    for name, text in COMMANDS.items():
        yield f".TP\n.BR touchline\\-{_safe(name)} (1)\n{_line(text)}"


def _page(ctx: click.Context, about: str, more: tuple[str, ...] = ()) -> str:
    name = ctx.command_path.replace(" ", "-")
    lines = [
        '.\\" Written by `make docs` from the help of the command.',
        f'.TH "{_safe(name.upper())}" 1 "" "Touchline" "Touchline"',
        ".SH NAME",
        f"{_safe(name)} \\- {_safe(about)}",
        ".SH SYNOPSIS",
        *_synopsis(ctx),
        ".SH DESCRIPTION",
        *_text(ctx.command.help or ""),
        *_options(ctx, ".SH OPTIONS"),
        *_within(ctx),
        *more,
    ]
    if ctx.command.epilog:
        lines += [".SH NOTES", *_text(ctx.command.epilog)]
    if ctx.parent is not None:
        lines += [".SH SEE ALSO", ".BR touchline (1)"]
    return "\n".join(lines) + "\n"


def _synopsis(ctx: click.Context) -> Iterator[str]:
    usage = " ".join(ctx.command.collect_usage_pieces(ctx))
    yield f".B {_safe(ctx.command_path)}\n{_line(usage)}"


def _options(ctx: click.Context, heading: str) -> Iterator[str]:
    params = (one for one in ctx.command.get_params(ctx) if isinstance(one, click.Option))
    records = [param.get_help_record(ctx) for param in params]
    known = [record for record in records if record is not None]
    if known:
        yield heading
    for flags, text in known:
        yield f".TP\n.B {_safe(flags)}\n{_line(' '.join(text.split()))}"


def _within(ctx: click.Context) -> Iterator[str]:
    """Yield the commands of a group, each with its flags."""
    if not isinstance(ctx.command, click.Group) or ctx.parent is None:
        return
    yield ".SH COMMANDS"
    for name, command in sorted(ctx.command.commands.items()):
        inner = click.Context(command, info_name=name, parent=ctx)
        yield f".SS {_safe(inner.command_path)}"
        yield from _synopsis(inner)
        yield ".PP"
        yield from _text(command.help or "")
        yield from _options(inner, ".PP")
        if command.epilog:
            yield ".PP"
            yield from _text(command.epilog)


def _text(text: str) -> Iterator[str]:
    """Yield paragraphs; those that begin with a backspace keep their lines, as in click."""
    first = True
    for paragraph in text.strip().split("\n\n"):
        if not paragraph.strip():
            continue
        if not first:
            yield ".PP"
        first = False
        lines = paragraph.strip("\n").splitlines()
        if lines[0].strip() == "\b":
            yield ".nf"
            yield from (_line(line) for line in lines[1:])
            yield ".fi"
        else:
            yield _line(" ".join(line.strip() for line in lines))


def _safe(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")


def _line(text: str) -> str:
    """Return a line of text that is no request."""
    safe = _safe(text)
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_pages_are_those_of_the_help(name: str) -> None:
    """Each command has its page, as its help is now."""
    assert (FOLDER / name).read_text("utf-8") == pages()[name], "make docs"


def test_no_page_is_left_over() -> None:
    """There is no page of a command that is no more."""
    assert {path.name for path in FOLDER.iterdir()} == set(pages())


@pytest.mark.skipif(GROFF is None, reason="groff is not installed")
def test_a_reader_of_man_pages_takes_them() -> None:
    """groff sets every page without a warning."""
    assert GROFF is not None
    files = sorted(FOLDER.iterdir())
    done = subprocess.run(
        [GROFF, "-k", "-man", "-Tutf8", "-ww", *map(str, files)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "touchline watch" in done.stdout


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for file, content in pages().items():
        (FOLDER / file).write_text(content, "utf-8")
