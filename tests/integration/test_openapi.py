"""The OpenAPI document against the gateway that serves it: schemathesis finds nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE

from .test_gateway import Ground, Running

EXAMPLES = 12
"""Made-up requests for each operation, besides those at the bounds of each parameter."""

LEAST = 16
"""Operations that there are to test."""

TOKEN = "the operator's token"

SETTINGS = """
# What makes a name or an address of a receiver good cannot be said in a schema.
[[operations]]
include-path = ["/api/v1/session", "/api/v1/organiser", "/api/v1/events/{event}/webhooks"]
checks.positive_data_acceptance.enabled = false
"""

NEVER_ENDS = "/stream$"
"""Answers that go on until one leaves; `test_gateway.py` reads them."""


def _schemathesis() -> str:
    beside = Path(sys.executable).with_name("schemathesis")
    found = str(beside) if beside.exists() else shutil.which("schemathesis")
    if not found:
        pytest.skip("schemathesis is not installed: pip install '.[test]'")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("token", ["", TOKEN])
def test_schemathesis(world: Any, tmp_path: Path, token: str) -> None:
    """No request that can be made up leads to a fault, or to an answer that is not as promised;
    with and without the operator's token."""
    program = _schemathesis()
    ground = Ground(world.with_broker())
    world.host(verdict="fixed:1")
    running: Running = ground.gateway(patience=1.0, webhook_token=TOKEN)
    reporter = world.reporter("ann")
    world.goal(1, reporter)
    world.until(lambda: not reporter.pending, reporter)
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS)
    checked = subprocess.run(
        [
            *(
                program,
                "--config-file",
                str(settings),
                "run",
                f"{running.url}/openapi.json",
                "--max-examples",
                str(EXAMPLES),
            ),
            *("--exclude-path-regex", NEVER_ENDS, "--phases", "examples,coverage,fuzzing"),
            *("--generation-deterministic", "--no-color", "--request-timeout", str(PATIENCE)),
            *(("--header", f"Authorization: Bearer {token}") if token else ()),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-8_000:] + checked.stderr[-2_000:]
    tested = re.search(r"Tested: (\d+)", checked.stdout)
    assert tested is not None
    assert int(tested[1]) >= LEAST
