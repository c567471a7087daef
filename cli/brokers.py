"""The brokers that a user knows: the address and key of each under a name, kept in one file."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import msgspec

from ..peer import identity
from ..protocol import addresses
from ..protocol.errors import NotFound, SettingError, StorageFault
from ..runtime import files

LOCAL = "local"
"""The name of the broker that the user started last on this machine."""

NAME_CHARS = 60


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A broker as it is kept.

    Args:
        address: `touchline://host:port?key=…`.
        who: the name that one goes by there; empty: the login name.
    """

    address: str
    who: str = ""


class Brokers(msgspec.Struct, omit_defaults=True):
    """All that are kept, by name.

    Args:
        default: the name of the one that is meant where none is said; empty: none.
    """

    default: str = ""
    brokers: dict[str, Kept] = msgspec.field(default_factory=dict)


def file() -> Path:
    """Return where they are kept."""
    return identity.default_folder().parent / "brokers.json"


def load() -> Brokers:
    """Return the brokers that are kept.

    Raises:
        StorageFault: the file can't be read, is damaged, or could have been written by others,
            who would lead us to a broker of theirs.
    """
    path = file()
    try:
        with path.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            if mode & 0o022:
                raise StorageFault(
                    f"{path} can be written by others (mode {mode:04o}), so that its keys prove "
                    f"nothing; look at them, then: chmod 600 {path}"
                )
            return msgspec.json.decode(opened.read(), type=Brokers)
    except FileNotFoundError:
        return Brokers()
    except (OSError, msgspec.DecodeError) as error:
        raise StorageFault(f"{path}: {error}") from error


def keep(name: str, kept: Kept, *, default: bool) -> None:
    """Keep a broker under a name, in the place of what was kept under it.

    Args:
        name: what people call it.
        kept: its address, with its key.
        default: it is meant from now on where no broker is said; the first one always is.

    Raises:
        SettingError: the name can be taken for an address.
        StorageFault: the file can't be written.
    """
    check_name(name)
    known = load()
    known.brokers[name] = kept
    if default or known.default not in known.brokers:
        known.default = name
    _save(known)


def forget(name: str) -> None:
    """Forget the broker of a name; where it was the default and one is left, that is it.

    Raises:
        NotFound: none is kept under it.
        StorageFault: the file can't be written.
    """
    known = load()
    if known.brokers.pop(name, None) is None:
        raise NotFound(f"no broker is kept under {name!r}: {_list(known)}")
    if known.default == name:
        known.default = next(iter(known.brokers)) if len(known.brokers) == 1 else ""
    _save(known)


def _save(known: Brokers) -> None:
    path = file()
    try:
        files.make_folder(path.parent)
        handle, draft = tempfile.mkstemp(prefix=".brokers-", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as draft_file:
                draft_file.write(msgspec.json.format(msgspec.json.encode(known)) + b"\n")
                draft_file.flush()
                os.fsync(draft_file.fileno())
            os.replace(draft, path)
        except BaseException:  # Ctrl+C too leaves no draft behind
            os.unlink(draft)
            raise
    except OSError as error:
        raise StorageFault(f"can't keep brokers in {path}: {error}") from error


def check_name(name: str) -> None:
    """Refuse a name for a broker that could be taken for an address or for a flag.

    Raises:
        SettingError: it is such a name.
    """
    if len(name) > NAME_CHARS:
        raise SettingError(f"--as: a name of {len(name)} characters, at most {NAME_CHARS} allowed")
    if not name or not name.isprintable() or name.startswith("-") or set(name) & set(":/?# "):
        raise SettingError(f"--as: {name!r}: a broker's name has no space, colon, slash, ? or #")


def find(text: str, *, insecure: bool = False) -> Kept:
    """Return the broker that a flag names, or the default.

    Args:
        text: a name that is kept, a whole address, or HOST:PORT of one that is kept; empty: the
            default.
        insecure: nothing is to be encrypted: HOST:PORT on this machine, by default the usual.

    Raises:
        SettingError: it is none of them, or its key is not known; the sentence says what to do.
        StorageFault: what is kept can't be read.
    """
    if insecure:
        return _plain(text)
    if "?" in text:
        place = addresses.broker(text)
        if place.key or place.plain:
            return Kept(str(place))
    known = load()
    if name := (text or known.default):
        if name in known.brokers:
            return known.brokers[name]
        if text:
            return _at(addresses.broker(text), known)
    if known.brokers:
        raise SettingError(f"--broker: which one? {_list(known)}")
    raise SettingError(
        "no broker is known: start one (touchline broker), or keep the address that you were "
        "given: touchline login ADDRESS"
    )


def _plain(text: str) -> Kept:
    """Return the address of a broker on this machine with which nothing is encrypted."""
    place = addresses.broker(text or f"127.0.0.1:{addresses.DEFAULT_PORT}")
    if place.key:
        raise SettingError("--insecure: the broker's address has a key; leave --insecure out")
    # Parsed again, so that what is not this machine is refused.
    return Kept(str(addresses.broker(f"{place.host}:{place.port}?insecure", what="--insecure")))


def _at(place: addresses.Broker, known: Brokers) -> Kept:
    """Return the one that is kept for a place."""
    found = {
        name: kept
        for name, kept in known.brokers.items()
        if _same(addresses.broker(kept.address), place)
    }
    if len({kept.address for kept in found.values()}) > 1:
        names = " or ".join(sorted(found))
        raise SettingError(f"--broker: {place.host}:{place.port} is kept twice; say {names}")
    for kept in found.values():
        return kept
    raise SettingError(_no_key(place, known))


def _same(one: addresses.Broker, other: addresses.Broker) -> bool:
    here = addresses.is_loopback(one.host) and addresses.is_loopback(other.host)
    return one.port == other.port and (one.host.lower() == other.host.lower() or here)


def _no_key(place: addresses.Broker, known: Brokers) -> str:
    where = f"{place.host}:{place.port}"
    others = f"; you know {', '.join(sorted(known.brokers))}" if known.brokers else ""
    return (
        f"--broker: the key of {where} is not known; whoever runs it sees its whole address when "
        f"it starts (touchline://{where}?key=…): keep that with touchline login ADDRESS{others}"
    )


def _list(known: Brokers) -> str:
    return f"there are {', '.join(sorted(known.brokers))}" if known.brokers else "there is none"
