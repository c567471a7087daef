"""A peer's identity on disk: a key for each name, in a file that only its user can read."""

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
"""The longest name, in UTF-8; file systems allow 255 bytes for the name of a file."""


def default_folder() -> Path:
    """Return the folder of identities: in the folder that TOUCHLINE_HOME names, or in the user's
    configuration folder."""
    return configuration_folder() / "identities"


def load(name: str, folder: Path | None = None) -> Identity:
    """Return the identity of a name; the first use makes it.

    Processes that use a name for the first time at once get the same identity.

    Args:
        name: the peer's name, as people know it.
        folder: the folder of identities; `default_folder()` unless given.

    Raises:
        SettingError: the name is not valid as the name of a file.
        StorageFault: the file can't be read or written, holds no identity, or can be read by
            other users.
    """
    return load_file(file(name, folder))


def load_file(path: Path) -> Identity:
    """Return the identity in a file; the first use makes it. See `load`."""
    try:
        try:
            return read(path)
        except FileNotFoundError:
            _write(path, os.urandom(keys.KEY_BYTES))
            return read(path)
    except OSError as error:
        raise StorageFault(f"can't keep an identity in {path}: {error}") from error


def create(name: str, folder: Path | None = None, *, seed: bytes = b"") -> Identity:
    """Make the identity of a name and return it.

    Args:
        name: the peer's name.
        folder: the folder of identities.
        seed: the secret key, where it was made elsewhere; else a new one.

    Raises:
        SettingError: the name has an identity or is not valid, or the seed is not valid.
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
    """Return the file of a name's identity, whether it exists or not.

    Raises:
        SettingError: the name is not valid as the name of a file.
    """
    _check(name)
    return (default_folder() if folder is None else folder) / name


def read(path: Path) -> Identity:
    """Return the identity in a file.

    Raises:
        FileNotFoundError, OSError: the file does not exist, or can't be read.
        StorageFault: other users can read it, or it holds no identity.
    """
    with path.open("rb") as opened:
        mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
        if mode & 0o077:
            raise StorageFault(
                f"other users can read {path} (mode {mode:04o}), so that its key is not secret; "
                f"make a new one or, if you trust them: chmod 600 {path}"
            )
        text = opened.read(1_000).strip()
    try:
        return Identity(from_text(text))
    except SettingError as error:
        raise StorageFault(
            f"{path} holds {error.sentence}; move it away to get a new one"
        ) from None


def from_text(text: bytes) -> bytes:
    """Return the secret key in the text of an identity's file.

    Raises:
        SettingError: the text holds none.
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
    """Write an identity, whole or not at all; return False where the file exists, and leave it."""
    files.make_folder(path.parent)
    handle, draft = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as draft_file:
            draft_file.write(seed.hex() + "\n")
            draft_file.flush()
            os.fsync(draft_file.fileno())
        # A link, unlike a rename, does not replace a file that another process wrote first.
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        return True
    finally:
        os.unlink(draft)
