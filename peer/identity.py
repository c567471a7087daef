"""A peer's identity on disk: a key made once for each name, in a file that nobody else can read."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from ..protocol import keys
from ..protocol.errors import SettingError, StorageFault
from ..protocol.keys import Identity
from ..runtime import files
from ..runtime.folders import configuration_folder

NAME_BYTES = 200
"""The longest name, in UTF-8; file systems allow 255 for a file's."""


def default_folder() -> Path:
    """Return where identities are kept: under the folder that TOUCHLINE_HOME names, or the
    user's configuration folder."""
    return configuration_folder() / "identities"


def load(name: str, folder: Path | None = None) -> Identity:
    """Return the identity kept under a name, made on first use.

    Of several processes that use a name for the first time at once, all get the same.

    Args:
        name: the peer's name, as people know it.
        folder: where identities are kept; `default_folder()` unless given.

    Raises:
        SettingError: the name can't be a file's name.
        StorageFault: the file can't be read or written, holds no identity, or can be read by
            others.
    """
    return load_file(file(name, folder))


def load_file(path: Path) -> Identity:
    """Return the identity kept in a file, made on first use; see `load`."""
    try:
        try:
            return read(path)
        except FileNotFoundError:
            _write(path, os.urandom(keys.KEY_BYTES))
            return read(path)
    except OSError as error:
        raise StorageFault(f"can't keep an identity in {path}: {error}") from error


def create(name: str, folder: Path | None = None, *, seed: bytes = b"") -> Identity:
    """Make the identity of a name, and return it.

    Args:
        name: the peer's name.
        folder: where identities are kept.
        seed: the secret, where it was made elsewhere.

    Raises:
        SettingError: the name has an identity, can't be a file's name, or the seed is none.
        StorageFault: the file can't be written.
    """
    path = file(name, folder)
    made = Identity(seed or os.urandom(keys.KEY_BYTES))
    try:
        if not _write(path, made.seed):
            raise SettingError(f"{name} has an identity, in {path}: touchline identity show {name}")
    except OSError as error:
        raise StorageFault(f"can't keep an identity in {path}: {error}") from error
    return made


def names(folder: Path | None = None) -> list[str]:
    """Return the names that have an identity, in order.

    Raises:
        StorageFault: the folder can't be read.
    """
    try:
        return sorted(
            found.name
            for found in (default_folder() if folder is None else folder).iterdir()
            if not found.name.startswith(".")
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageFault(f"can't look for identities: {error}") from error


def file(name: str, folder: Path | None = None) -> Path:
    """Return the file of a name's identity, whether it is there or not.

    Raises:
        SettingError: the name can't be a file's name.
    """
    _check(name)
    return (default_folder() if folder is None else folder) / name


def read(path: Path) -> Identity:
    """Return the identity in a file.

    Raises:
        FileNotFoundError, OSError: there is none, or it can't be read.
        StorageFault: others can read it, or it holds no identity.
    """
    with path.open("rb") as opened:
        mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
        if mode & 0o077:
            raise StorageFault(
                f"{path} can be read by others (mode {mode:04o}), so that it is no secret any "
                f"more; make a new one, or if you trust them: chmod 600 {path}"
            )
        text = opened.read(1_000).strip()
    try:
        return Identity(from_text(text))
    except SettingError as error:
        raise StorageFault(
            f"{path} holds {error.sentence}; move it away to be given a new one"
        ) from None


def from_text(text: bytes) -> bytes:
    """Return the secret that a file of an identity holds.

    Raises:
        SettingError: it holds none.
    """
    try:
        seed = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        seed = b""
    if len(seed) != keys.KEY_BYTES:
        raise SettingError(f"no secret of {keys.KEY_BYTES} bytes in hex")
    return seed


def _check(name: str) -> None:
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > NAME_BYTES:
        raise SettingError(f"name of {size} bytes, at most {NAME_BYTES} allowed")
    if not name.strip() or name.startswith(".") or not name.isprintable() or set(name) & set("/\\"):
        raise SettingError(
            f"name {name!r}: a name is not empty, does not begin with a dot, and has no slash, "
            "backslash or unprintable character"
        )


def _write(path: Path, seed: bytes) -> bool:
    """Write an identity, whole or not at all; False where there is one, which then stays."""
    files.make_folder(path.parent)
    handle, draft = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as draft_file:
            draft_file.write(seed.hex() + "\n")
            draft_file.flush()
            os.fsync(draft_file.fileno())
        # A link, unlike a rename, does not replace what another process was quicker to write.
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        return True
    finally:
        os.unlink(draft)
