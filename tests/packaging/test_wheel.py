"""What a wheel and a source archive hold, and that the one can be made from the other."""

from __future__ import annotations

import configparser
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]

NOT_PACKAGES = {"bench", "build", "deploy", "dist", "docs", "examples", "tests"}
"""Folders at the root that are no part of what is installed."""

NETWORK = re.compile(
    r"No matching distribution|Could not find a version|name resolution|Connection|timed out",
    re.IGNORECASE,
)


def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


def listed() -> list[str]:
    """Return the packages that `setup.cfg` names."""
    return config()["options"]["packages"].split()


def packages() -> dict[str, Path]:
    """Return the packages of the tree: those folders with an `__init__.py`."""
    found = {"touchline": ROOT}
    for init in ROOT.glob("*/**/__init__.py"):
        parts = init.relative_to(ROOT).parts[:-1]
        if parts[0] not in NOT_PACKAGES and not parts[0].startswith("."):
            found[".".join(["touchline", *parts])] = init.parent
    return found


def files() -> set[str]:
    """Return what the wheel has to hold: every file in and below the folders of the packages."""
    tops = {folder for name, folder in packages().items() if name.count(".") == 1}
    below = {
        path.relative_to(ROOT).as_posix()
        for top in tops
        for path in top.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    contests = {path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").glob("*.toml")}
    return {f"touchline/{name}" for name in below | contests | {"__init__.py", "py.typed"}}


def have_setuptools() -> bool:
    try:
        major = importlib.metadata.version("setuptools").split(".")[0]
    except importlib.metadata.PackageNotFoundError:
        return False
    return int(major) >= 70


def build(source: Path, into: Path, *kinds: str) -> None:
    """Build archives; skip where the tools to build with can't be had.

    Args:
        source: the tree.
        into: the folder in which the archives are left.
        kinds: `--sdist`, `--wheel`; none: a source archive, and from it a wheel.
    """
    pytest.importorskip("build", reason="the package build is not installed: make dev")
    how = ["--no-isolation"] if have_setuptools() else []
    result = subprocess.run(
        [sys.executable, "-m", "build", *how, *kinds, "--outdir", str(into), str(source)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    output = result.stdout + result.stderr
    if result.returncode and not how and NETWORK.search(output):
        pytest.skip("setuptools is not installed here and can't be fetched: no network")
    assert result.returncode == 0, output


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that nothing of an earlier build gets in, or is left behind."""
    copy = tmp_path_factory.mktemp("tree") / "touchline"
    ignored = shutil.ignore_patterns(
        ".*", "*.egg-info", "__pycache__", "build", "dist", "artifacts", "tests"
    )
    shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def archives(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A source archive of the tree, and a wheel that was made from that archive."""
    into = tmp_path_factory.mktemp("archives")
    build(tree, into)
    return next(into.glob("*.tar.gz")), next(into.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(archives: tuple[Path, Path]) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(archives[1]) as archive:
        yield archive


def test_every_package_is_listed() -> None:
    """`setup.cfg` lists each folder that is a package, once, and nothing else."""
    assert sorted(listed()) == sorted(packages())


def test_every_folder_with_code_is_a_package() -> None:
    """No folder has modules without an `__init__.py`: they would not be installed."""
    known = set(packages().values())
    homeless = {
        path.parent
        for path in ROOT.glob("[!.]*/**/*.py")
        if path.relative_to(ROOT).parts[0] not in NOT_PACKAGES
    } - known
    assert homeless == set()


def test_the_wheel_holds_one_name(wheel: zipfile.ZipFile) -> None:
    """Into site-packages go `touchline/` and its `dist-info`, and nothing else; beside it the man
    pages."""
    release = f"touchline-{config()['metadata']['version']}"
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"touchline", f"{release}.dist-info", f"{release}.data"}
    beside = {name for name in wheel.namelist() if name.startswith(f"{release}.data/")}
    pages = {path.name for path in (ROOT / "docs" / "man").iterdir()}
    assert beside == {f"{release}.data/data/share/man/man1/{page}" for page in pages}


def test_the_wheel_holds_everything(wheel: zipfile.ZipFile) -> None:
    """Every module and every static file is in the wheel, and no other file is."""
    held = {name for name in wheel.namelist() if name.startswith("touchline/")}
    assert held == files()
    assert {"touchline/py.typed", "touchline/sports/matches/five-set-tennis.jsonl"} <= held


def test_files_are_as_they_were(wheel: zipfile.ZipFile, tree: Path) -> None:
    """What is in the wheel is what is in the tree, byte for byte."""
    for name in wheel.namelist():
        if name.startswith("touchline/"):
            assert wheel.read(name) == (tree / name.removeprefix("touchline/")).read_bytes(), name


def test_metadata(wheel: zipfile.ZipFile) -> None:
    """Name, version, licence, what it needs and what it offers are those of `setup.cfg`."""
    folder = f"touchline-{config()['metadata']['version']}.dist-info"
    about = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())
    assert (about["Name"], about["Version"]) == ("touchline", config()["metadata"]["version"])
    assert about["Requires-Python"] == ">=3.11"
    assert "Apache-2.0" in (about["License-Expression"] or about["License"])
    needs = [line for line in about.get_all("Requires-Dist") if "extra ==" not in line]
    wanted = config()["options"]["install_requires"].strip().splitlines()
    assert {re.split(r"[ <>=]", line)[0] for line in needs} == {
        re.split(r"[ <>=]", line)[0] for line in wanted
    }
    assert any(name.endswith("LICENSE") for name in wheel.namelist())


def test_entry_points(wheel: zipfile.ZipFile) -> None:
    """The command and the sports of `setup.cfg` are offered, and each leads to something."""
    folder = f"touchline-{config()['metadata']['version']}.dist-info"
    offered = configparser.ConfigParser()
    offered.read_string(wheel.read(f"{folder}/entry_points.txt").decode())
    for group, lines in config()["options.entry_points"].items():
        wanted = dict(re.split(r"\s*=\s*", line) for line in lines.strip().splitlines())
        assert dict(offered[group]) == wanted
        for name, value in wanted.items():
            point = importlib.metadata.EntryPoint(name, value, group)
            assert point.load() is not None


def test_the_wheel_runs(archives: tuple[Path, Path], tmp_path: Path) -> None:
    """Unpacked somewhere else, the wheel is what is imported, and says its version and sports."""
    with zipfile.ZipFile(archives[1]) as archive:
        archive.extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f).casefold()]\n"
        "import touchline; print(touchline.__file__)\n"
        "from touchline.cli.main import main; main(['--version'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
        cwd=tmp_path,
    )
    place, version = result.stdout.splitlines()
    assert Path(place) == tmp_path / "touchline" / "__init__.py"
    assert version.endswith(config()["metadata"]["version"])


def test_the_source_archive(archives: tuple[Path, Path], wheel: zipfile.ZipFile) -> None:
    """The source archive, from which the wheel above was made, holds every file of the wheel, the
    build's settings, the licence and the page that the index shows."""
    with tarfile.open(archives[0]) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    inside = {name.removeprefix("touchline/") for name in files()}
    assert inside <= held
    assert {"setup.cfg", "pyproject.toml", "LICENSE", "README.md"} <= held
