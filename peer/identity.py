"""A peer's identity: a secret made once for each name and kept in a file of its own."""

from __future__ import annotations

import os
import tempfile
import uuid
from pathlib import Path

import platformdirs

from ..protocol.errors import SettingError, StorageFault

LEAST_CHARS = 16
"""The shortest identity that a broker takes for a secret."""

NAME_BYTES = 200
"""The longest name, in UTF-8; file systems allow 255 for a file's."""


def default_folder() -> Path:
    """Return where identities are kept: under the folder that TOUCHLINE_HOME names, or the
    user's configuration folder."""
    home = os.environ.get("TOUCHLINE_HOME")
    return Path(home or platformdirs.user_config_dir("touchline")) / "identities"


def load(name: str, folder: Path | None = None) -> str:
    """Return the identity kept under a name, made on first use.

    Of several processes that use a name for the first time at once, all get the same.

    Args:
        name: the peer's name, as people know it.
        folder: where identities are kept; `default_folder()` unless given.

    Raises:
        SettingError: the name can't be a file's name.
        StorageFault: the file can't be read or written, or holds no identity.
    """
    _check(name)
    folder = default_folder() if folder is None else folder
    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            identity = path.read_text("utf-8")
        except FileNotFoundError:
            _make(path)
            identity = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFault(f"can't keep the identity of {name!r}: {error}") from error
    identity = identity.strip()
    if len(identity) < LEAST_CHARS:
        raise StorageFault(
            f"{path} holds an identity of {len(identity)} characters, at least {LEAST_CHARS} "
            "needed; remove it to be given a new one"
        )
    return identity


def _check(name: str) -> None:
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > NAME_BYTES:
        raise SettingError(f"name of {size} bytes, at most {NAME_BYTES} allowed")
    if not name.strip() or name.startswith(".") or not name.isprintable() or set(name) & set("/\\"):
        raise SettingError(
            f"name {name!r}: a name is not empty, does not begin with a dot, and has no slash, "
            "backslash or unprintable character"
        )


def _make(path: Path) -> None:
    """Write a new identity, whole or not at all; one that has come to be meanwhile stays."""
    handle, draft = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(uuid.uuid4().hex + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, does not replace what another process was quicker to write.
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)
