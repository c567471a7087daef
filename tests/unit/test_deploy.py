"""The deployments: what they start is what there is, and nothing runs with more rights than it
needs. Which of them were run, docs/OPERATING.md says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from tests.monitored import MONITORING
from tests.patience import PATIENCE
from touchline.cli.main import touchline

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "touchline.yml").read_text("utf-8")))
SETS = [one for one in MANIFESTS if one["kind"] == "StatefulSet"]
OURS = {
    name: service for name, service in COMPOSE["services"].items() if "deploy" in str(service)
    and service["image"] == "touchline"
}  # fmt: skip

ADDRESS = "touchline://h:5670?key=" + "a" * 43


def parsed(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the values of a command line, which is refused where it is not valid."""
    monkeypatch.setenv("TOUCHLINE_BROKER", ADDRESS)
    name, *rest = arguments
    command = touchline.get_command(click.Context(touchline), name)
    assert command is not None
    return command.make_context(name, rest).params


def test_compose_starts_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each service's command line is valid, serves metrics, and has no more rights than needed."""
    assert set(OURS) == {"broker", "host", "gateway"}
    for service in OURS.values():
        values = parsed([word.split(":-")[0] for word in service["command"]], monkeypatch)
        assert values["metrics"] == "*:9670"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]


def test_compose_names_files_that_there_are() -> None:
    """What is mounted from the repository is there, and each volume is declared."""
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            found = (DEPLOY / source).exists() if source[0] == "." else source in COMPOSE["volumes"]
            assert found, volume


def test_the_jobs_are_those_of_the_rules() -> None:
    """Prometheus in compose scrapes the broker, and finds the others through it; it does so as the
    configuration to begin with does."""
    jobs = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    began = yaml.safe_load((MONITORING / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    local = json.loads(json.dumps(jobs).replace("broker:9670", "127.0.0.1:9670"))
    assert local == began
    assert began[0]["job_name"] == "touchline-broker"
    assert began[1]["http_sd_configs"][0]["url"].endswith("/targets")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")
@pytest.mark.parametrize("folder", [DEPLOY, MONITORING], ids=lambda folder: str(folder.name))
def test_prometheus_takes_its_configuration(folder: Path) -> None:
    """`promtool check config` has nothing to say against either configuration."""
    command = ["promtool", "check", "config", "--syntax-only", str(folder / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_is_small_and_not_root() -> None:
    """It is built in two steps, runs as a user of its own, and asks /live for its health."""
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    assert text.count("\nFROM ") + text.startswith("FROM ") == 2
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "http://127.0.0.1:9670/live" in text


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_a_unit_starts_what_there_is(unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command line is valid, and it may do little else."""
    text = unit.read_text("utf-8")
    program, *arguments = shlex.split(re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0])
    assert program.endswith("/touchline")
    assert parsed(arguments, monkeypatch)["metrics"].startswith("127.0.0.1:")
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "User=touchline", "UMask=0077"):
        assert f"\n{line}\n" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say but of a program that is not installed here."""
    copies = [tmp_path / unit.name for unit in UNITS]
    for unit, copy in zip(UNITS, copies, strict=True):
        program = "/opt/touchline/bin/touchline"
        copy.write_text(unit.read_text("utf-8").replace(program, sys.executable), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, copies)],  # where it is installed
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    said = [
        line for line in done.stderr.splitlines() if str(tmp_path) in line or "touchline" in line
    ]
    assert (said, done.returncode) == ([], 0)


@pytest.mark.parametrize("one", SETS, ids=lambda one: str(one["metadata"]["name"]))
def test_a_manifest_starts_what_there_is(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command line is valid, its probes ask paths that there are, it is not root, and its
    service selects it."""
    spec = one["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert parsed(container["args"], monkeypatch)["metrics"] == "*:9670"
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "metrics"}
    assert container["readinessProbe"]["httpGet"]["path"] in {"/live", "/ready"}
    ports = {port["name"] for port in container["ports"]}
    labels = one["spec"]["template"]["metadata"]["labels"]
    (service,) = (
        each
        for each in MANIFESTS
        if each["kind"] == "Service" and each["metadata"]["name"] == one["spec"]["serviceName"]
    )
    assert service["spec"]["selector"].items() <= labels.items()
    assert {port["name"] for port in service["spec"]["ports"]} <= ports
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    claimed = {claim["metadata"]["name"] for claim in one["spec"]["volumeClaimTemplates"]}
    assert mounted == claimed | {volume["name"] for volume in spec["volumes"]}


def test_compose_is_valid() -> None:
    """The file is valid by the schema of the Compose specification."""
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [sys.executable, *command, str(DEPLOY / "compose.yml")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "one", MANIFESTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}"
)
def test_a_manifest_is_valid(one: Any) -> None:
    """Each manifest is valid by Kubernetes' own schemas, and has no field that they do not know."""
    schemas = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed"
    )
    schemas.validate(one, schemas.latest_version(), strict=True)
    wrong = json.loads(json.dumps(one))
    wrong["spec"]["replica"] = 1
    with pytest.raises(schemas.ValidationError):
        schemas.validate(wrong, schemas.latest_version(), strict=True)
