"""The files of the pages under names that hold their digest: one script and one style for a page.

The modules and styles in `static` stay as they were written, and are served under their own names
too. A browser far away would ask for thirty of them, one after the other told it of the next; so a
page names two files, in which these stand behind each other (docs/decisions/0017).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from posixpath import basename

from starlette.requests import Request
from starlette.responses import Response

from ..protocol.errors import NotFound
from ..runtime.languages import LANGUAGES, PSEUDO, SOURCE, Catalogue, catalogue
from ..runtime.languages import markup as texts
from .compression import Compressed

PATH = "/assets/"
"""Where the files are served."""

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
"""A file whose name holds its digest never changes."""

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n?', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_STYLES = re.compile(r'<link rel="stylesheet" href="/static/css/([\w-]+\.css)">\n')
_MODULE = re.compile(r'<script type="module" src="/static/js/([\w-]+)\.js"></script>')
_NAMED = re.compile(r'(?<=")/static/(js/[\w-]+\.js|[\w-]+\.(?:svg|png))(?=")')
_DRAWN = re.compile(r'(?<=url\(")/static/([\w-]+\.svg)(?="\))')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that never changes.

    Args:
        kind: its content type.
        body: its bytes, each encoding of which is made once.
    """

    kind: str
    body: Compressed


class Assets:
    """The pages of a folder, and the files that they name.

    Args:
        folder: of pages (`*.html`), with `css` and `js` in it.
        spoken: the language of the pages and scripts; None: English.
        shared: the files of other languages, among which those of this one come.
    """

    def __init__(
        self,
        folder: Path,
        spoken: Catalogue | None = None,
        shared: dict[str, Asset] | None = None,
    ) -> None:
        self._folder = folder
        self._spoken = spoken or catalogue(SOURCE)
        self._files: dict[str, Asset] = {} if shared is None else shared
        self._own: set[str] = set()
        self.pages: dict[str, str] = {
            path.name: self._page(path) for path in sorted(folder.glob("*.html"))
        }
        """The pages by file name."""

    @property
    def paths(self) -> list[str]:
        """The paths of the files that the pages name, sorted."""
        return sorted(PATH + name for name in self._own)

    def path(self, name: str) -> str:
        """Return the path of a file of the folder, such as `icon.svg`."""
        body = (self._folder / name).read_bytes()
        if name.endswith(".js"):
            body = texts.script(body.decode(), self._spoken).encode()
        return self._add(basename(name), body)

    def _page(self, path: Path) -> str:
        """Return a page that names the files with their digests."""
        html = texts.page(path.read_text("utf-8"), self._spoken)
        if styles := _STYLES.findall(html):
            linked = f'<link rel="stylesheet" href="{self._style(path.stem, styles)}">\n'
            # The first stands for all: a browser applies them in this order.
            html = _STYLES.sub(_once(linked), html)
        html = _MODULE.sub(lambda found: self._script(found[1]), html)
        return _NAMED.sub(lambda found: self.path(found[1]), html)

    def _style(self, name: str, files: Iterable[str]) -> str:
        text = "".join((self._folder / "css" / file).read_text("utf-8") for file in files)
        text = re.sub(r"/\*.*?\*/\n?", "", text, flags=re.DOTALL)
        text = _DRAWN.sub(lambda found: self.path(found[1]), text)
        return self._add(f"{name}.css", text.encode())

    def _script(self, name: str) -> str:
        script = texts.script(bundle(self._read, name), self._spoken)
        path = self._add(f"{name}.js", script.encode())
        return f'<script type="module" src="{path}"></script>'

    def _read(self, name: str) -> str:
        return (self._folder / "js" / f"{name}.js").read_text("utf-8")

    def _add(self, name: str, body: bytes) -> str:
        stem, dot, ending = name.rpartition(".")
        named = f"{stem}-{sha256(body).hexdigest()[:16]}{dot}{ending}"
        self._own.add(named)
        if named not in self._files:
            self._files[named] = Asset(TYPES[dot + ending], Compressed(body))
        return PATH + named


class SpokenAssets:
    """The pages and files in every language, each language made when it is first asked for.

    Args:
        folder: as of `Assets`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Asset] = {}
        self._made: dict[str, Assets] = {}

    def of(self, language: str) -> Assets:
        """Return the pages in a language."""
        if language not in self._made:
            self._made[language] = Assets(self._folder, catalogue(language), self._files)
        return self._made[language]

    async def serve(self, request: Request) -> Response:
        """Answer with a file.

        Raises:
            NotFound: there is none of that name now.
        """
        name = str(request.path_params["name"])
        for language in (*LANGUAGES, PSEUDO):
            if name in self._files:
                break
            self.of(language)  # a page in it was sent before this gateway was started
        found = self._files.get(name)
        if found is None:
            raise NotFound("no such file; the gateway has been updated")
        return found.body.response(request, found.kind, FOREVER)


def bundle(read: Callable[[str], str], name: str) -> str:
    """Return a module and all that it imports as one script, without what is only for readers.

    Each module becomes a function that returns what it exports, after those that it imports.

    Args:
        read: returns the source of a module.
        name: of the module.

    Raises:
        AssertionError: modules import each other in a circle.
    """
    done: dict[str, str] = {}
    _bundle(read, name, done, ())
    return "".join(done.values())


def _bundle(
    read: Callable[[str], str], name: str, done: dict[str, str], above: tuple[str, ...]
) -> None:
    if name in above:
        raise AssertionError(f"modules in a circle: {' → '.join([*above, name])}")
    source = read(name)
    for _, imported in _IMPORT.findall(source):
        if imported not in done:
            _bundle(read, imported, done, (*above, name))
    exported = [each for _, each in _EXPORT.findall(source)]
    source = _IMPORT.sub(
        lambda found: f"const {{{found[1].replace(' as ', ': ')}}} = {_variable(found[2])};\n",
        source,
    )
    source = _COMMENT.sub("", _EXPORT.sub(r"\1 \2", source))
    done[name] = (
        f"const {_variable(name)} = (() => {{\n{source}"
        f"return {{ {', '.join(exported)} }};\n}})();\n"
    )


def _variable(module: str) -> str:
    return "$" + module.replace("-", "_")


def _once(text: str) -> Callable[[re.Match[str]], str]:
    """Return a replacement that stands in place of the first match, and removes the others."""
    rest = iter([text])
    return lambda _found: next(rest, "")
