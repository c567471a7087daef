"""The brokers that a user knows: their addresses and keys by name, in one file."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import msgspec

from ..protocol import addresses
from ..protocol.errors import NotFound, SettingError, StorageFault
from ..runtime import files
from ..runtime.folders import configuration_folder

LOCAL = "local"
"""The name of the broker that the user started last on this machine."""

NAME_CHARS = 60


class KnownBroker(msgspec.Struct, frozen=True, omit_defaults=True):
    """A broker that the user knows.

    Args:
        address: `touchline://host:port?key=…`.
        who: the user's name there; empty: the login name.
    """

    address: str
    who: str = ""


class Brokers(msgspec.Struct, omit_defaults=True):
    """Every broker that the user knows, by name.

    Args:
        default: the name of the broker that commands use unless one is named; empty: none.
    """

    default: str = ""
    brokers: dict[str, KnownBroker] = msgspec.field(default_factory=dict)


def file() -> Path:
    """Return the file of the known brokers."""
    return configuration_folder() / "brokers.json"


def load() -> Brokers:
    """Return the known brokers.

    Raises:
        StorageFault: the file can't be read, is damaged, or can be written by other users, who
            could lead the user to another broker.
    """
    path = file()
    try:
        with path.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            if mode & 0o022:
                raise StorageFault(
                    f"other users can write {path} (mode {mode:04o}), so its keys prove nothing;"
                    f" check them, then: chmod 600 {path}"
                )
            return msgspec.json.decode(opened.read(), type=Brokers)
    except FileNotFoundError:
        return Brokers()
    except (OSError, msgspec.DecodeError) as error:
        raise StorageFault(f"{path}: {error}") from error


def keep(name: str, kept: KnownBroker, *, default: bool) -> None:
    """Keep a broker under a name, in place of the broker that had the name.

    Args:
        name: the user's name for the broker.
        kept: its address, with its key.
        default: make it the default; the first broker always is.

    Raises:
        SettingError: the name is not valid.
        StorageFault: the file can't be written.
    """
    check_name(name)
    known = load()
    known.brokers[name] = kept
    if default or known.default not in known.brokers:
        known.default = name
    _save(known)


def forget(name: str) -> None:
    """Forget the broker of a name; where one broker is left, it becomes the default.

    Raises:
        NotFound: no broker has this name.
        StorageFault: the file can't be written.
    """
    known = load()
    if known.brokers.pop(name, None) is None:
        raise NotFound(f"no broker is named {name!r}; {_list(known)}")
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
        except BaseException:  # no draft stays behind, also after Ctrl+C
            os.unlink(draft)
            raise
    except OSError as error:
        raise StorageFault(f"can't keep brokers in {path}: {error}") from error


def check_name(name: str) -> None:
    """Check a name for a broker, which must not look like an address or a flag.

    Raises:
        SettingError: the name is not valid.
    """
    if len(name) > NAME_CHARS:
        raise SettingError(f"--as: a name of {len(name)} characters, at most {NAME_CHARS} allowed")
    if not name or not name.isprintable() or name.startswith("-") or set(name) & set(":/?# "):
        raise SettingError(
            f"--as: {name!r} is not valid; a broker's name has no space, colon, slash, ? or #, and"
            " does not begin with -"
        )


def find(text: str, *, insecure: bool = False) -> KnownBroker:
    """Return the broker that a flag names, or the default.

    Args:
        text: a known broker's name, a whole address, or HOST:PORT of a known broker; empty: the
            default.
        insecure: encrypt nothing; the text is HOST:PORT on this machine, or empty for the default.

    Raises:
        SettingError: the text is none of these, or the broker's key is not known; the sentence
            says what to do.
        StorageFault: the known brokers can't be read.
    """
    if insecure:
        return _plain(text)
    if "?" in text:
        place = addresses.broker(text)
        if place.key or place.plain:
            return KnownBroker(str(place))
    known = load()
    if name := (text or known.default):
        if name in known.brokers:
            return known.brokers[name]
        if text:
            return _at(addresses.broker(text), known)
    if known.brokers:
        raise SettingError(f"--broker: name one; {_list(known)}")
    raise SettingError(
        "you know no broker yet: start one (touchline broker), or keep an address that you were"
        " given: touchline login ADDRESS"
    )


def _plain(text: str) -> KnownBroker:
    """Return the address of a broker on this machine that encrypts nothing."""
    place = addresses.broker(text or f"127.0.0.1:{addresses.DEFAULT_PORT}")
    if place.key:
        raise SettingError("--insecure: the broker's address has a key; leave --insecure out")
    # Parsed again, since the parser refuses any other machine.
    named = ",".join(endpoint.removeprefix("tcp://") for endpoint in place.endpoints)
    return KnownBroker(str(addresses.broker(f"{named}?insecure", what="--insecure")))


def _at(place: addresses.BrokerAddress, known: Brokers) -> KnownBroker:
    """Return the known broker at a host and port."""
    found = {
        name: kept
        for name, kept in known.brokers.items()
        if _same(addresses.broker(kept.address), place)
    }
    if len({kept.address for kept in found.values()}) > 1:
        names = " or ".join(sorted(found))
        raise SettingError(f"--broker: you know two at {place.host}:{place.port}; write {names}")
    for kept in found.values():
        return kept
    raise SettingError(_no_key(place, known))


def _same(one: addresses.BrokerAddress, other: addresses.BrokerAddress) -> bool:
    here = addresses.is_loopback(one.host) and addresses.is_loopback(other.host)
    return one.port == other.port and (one.host.lower() == other.host.lower() or here)


def _no_key(place: addresses.BrokerAddress, known: Brokers) -> str:
    where = f"{place.host}:{place.port}"
    others = f"; you know {', '.join(sorted(known.brokers))}" if known.brokers else ""
    return (
        f"--broker: the key of {where} is not known; touchline broker prints the whole address when"
        f" it starts (touchline://{where}?key=…): keep that with touchline login ADDRESS{others}"
    )


def _list(known: Brokers) -> str:
    return f"you know {', '.join(sorted(known.brokers))}" if known.brokers else "you know none"
