"""Makes the pages of the site that come from the code, and drops links that leave the site."""

from __future__ import annotations

import inspect
import re
from typing import Any

import click
from mkdocs.structure.files import File, Files

import touchline.peer
import touchline.proof
import touchline.sports
from touchline.cli.main import COMMANDS
from touchline.cli.main import touchline as program

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")
"""A link to a file of the repository that is no page: to examples, tests, or the code."""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made from the code."""
    for name, content in (("commands", commands()), ("python", interface())):
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Leave of a link that leads out of the site its text."""
    return markdown if "/" in page.file.src_uri else OUTSIDE.sub(r"\1", markdown)


def commands() -> str:
    """Return the help of every command."""
    root = click.Context(program, info_name="touchline", max_content_width=96)
    parts = ["# Commands\n\nAs `--help` of each says; `man touchline-COMMAND` says the same.\n"]
    for name in COMMANDS:
        command = program.get_command(root, name)
        assert command is not None
        parts += _help(command, click.Context(command, info_name=name, parent=root), "##")
    return "\n".join(parts)


def _help(command: click.Command, ctx: click.Context, level: str) -> list[str]:
    parts = [f"{level} {ctx.command_path}\n\n```text\n{command.get_help(ctx)}\n```\n"]
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            parts += _help(inner, click.Context(inner, info_name=name, parent=ctx), level + "#")
    return parts


def interface() -> str:
    """Return what the public packages offer, by their own docstrings."""
    parts = ["# Python\n\nWhat `touchline.peer`, `touchline.sports` and `touchline.proof` offer.\n"]
    for package in (touchline.peer, touchline.sports, touchline.proof):
        parts.append(f"## {package.__name__}\n\n```text\n{inspect.getdoc(package)}\n```\n")
        for name in sorted(package.__all__):
            parts += _entry(f"{package.__name__}.{name}", getattr(package, name))
    return "\n".join(parts)


def _entry(name: str, thing: Any) -> list[str]:
    try:
        signature = f"{name}{inspect.signature(thing)}" if callable(thing) else name
    except (ValueError, TypeError):
        signature = name
    parts = [f"### {name}\n\n```text\n{signature}\n\n{inspect.getdoc(thing) or ''}\n"]
    if inspect.isclass(thing):
        for own, method in vars(thing).items():
            text = inspect.getdoc(method)
            if not own.startswith("_") and callable(method) and text:
                parts.append(f"{own}{inspect.signature(method)}\n{text}\n")
    return ["\n".join([*parts, "```\n"])]
