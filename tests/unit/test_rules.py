"""The rules of Prometheus and the dashboards of Grafana, against the code and the documents."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from tests.monitored import (
    DASHBOARDS,
    MONITORING,
    ROOT,
    RULES,
    dashboards,
    exposed,
    expressions,
    problems,
    rules,
)
from tests.patience import PATIENCE

PROMTOOL = shutil.which("promtool")
ALERTS = [rule for rule in rules() if "alert" in rule]
TESTS = ROOT / "tests" / "promtool" / "alerts.yml"

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)"
)


def promtool(*arguments: object) -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=TESTS.parent,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_rules_and_configuration_are_valid() -> None:
    """Prometheus takes the rules and the configuration that comes with them."""
    promtool("check", "rules", RULES)
    promtool("check", "config", MONITORING / "prometheus.yml")


@needs_promtool
def test_alerts_fire_and_keep_silent() -> None:
    """Each alert fires for what it is made for and for the first occurrence, none fires beside it,
    and none fires for a perfect match, its end, or what is over."""
    promtool("test", "rules", TESTS)


def test_each_alert_is_seen_to_fire() -> None:
    """The unit tests of the rules let each alert fire."""
    tests = yaml.safe_load(TESTS.read_text("utf-8"))["tests"]
    fired = {
        name
        for test in tests
        for asked in test["promql_expr_test"]
        for sample in asked["exp_samples"]
        for name in re.findall(r'alertname="(\w+)"', sample["labels"])
    }
    assert fired == {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_each_alert_says_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    """An alert has a severity, a summary, and a section of its own in docs/OPERATING.md, which
    says what it means and what to do."""
    path, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"]
    assert anchor == str(rule["alert"]).lower()
    text = (ROOT / path).read_text("utf-8")
    section = text.partition(f"### {rule['alert']}\n")[2].partition("\n#")[0]
    assert "*Do:*" in section


def test_no_section_without_its_alert() -> None:
    """docs/OPERATING.md describes no alert that is gone."""
    text = (ROOT / "docs" / "OPERATING.md").read_text("utf-8")
    assert re.findall(r"^### (Touchline\w+)$", text, re.MULTILINE) == [
        rule["alert"] for rule in ALERTS
    ]


def test_expressions_name_what_there_is() -> None:
    """Every expression of rules and dashboards names metrics and labels that the code exposes."""
    known = exposed()
    found = {place: wrong for place, text in expressions() if (wrong := problems(text, known))}
    assert found == {}


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("touchline_host_event_finished", "no metric touchline_host_event_finished"),
        ('touchline_host_events{event="x"}', "touchline_host_events has no label event"),
        ("sum by (code) (touchline_host_events)", "nothing has a label code"),
        ("vector(1)", "names no metric"),
    ],
)
def test_what_is_not_there_is_found(expression: str, wrong: str) -> None:
    """The check sees what no process exposes."""
    assert problems(expression, exposed()) == [wrong]


@pytest.mark.parametrize("name", [path.stem for path in DASHBOARDS])
def test_each_panel_says_what_to_do(name: str) -> None:
    """A panel has a title, a description of what it shows and what to do, and a unit; panels do
    not lie on one another."""
    dashboard = dashboards()[name]
    assert dashboard["uid"] == f"touchline-{name}"
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert {"datasource", "job", "instance"} <= variables
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert re.search(r"\w[.:;,] +\w.*[.?]$", panel["description"]), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
        for target in panel["targets"]:
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= variables | {"__rate_interval"}


def test_provisioning_names_what_there_is() -> None:
    """Grafana is told of one data source and of one folder of dashboards."""
    grafana = MONITORING / "grafana"
    sources = yaml.safe_load((grafana / "datasources.yml").read_text("utf-8"))["datasources"]
    assert [source["type"] for source in sources] == ["prometheus"]
    (provider,) = yaml.safe_load((grafana / "dashboards.yml").read_text("utf-8"))["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"


GRAFANA_TYPES = """
import type { AnnotationQuery, Dashboard } from "@grafana/schema";
// What the data source of Prometheus adds to an annotation.
type Events = AnnotationQuery & {
  titleFormat?: string; textFormat?: string; tagKeys?: string;
  target?: { refId: string; expr: string };
};
type Checked = Omit<Dashboard, "annotations"> & { annotations: { list: Events[] } };
"""


def test_grafana_knows_every_field(tmp_path: Path) -> None:
    """The TypeScript compiler takes each dashboard for one of Grafana's own type, and refuses one
    with a field that Grafana does not know."""
    npx, modules = shutil.which("npx"), os.environ.get("TOUCHLINE_TEST_NODE_MODULES", "")
    if npx is None or not (Path(modules) / "@grafana" / "schema").is_dir():
        pytest.skip(
            "no npm packages @grafana/schema and typescript here: npm install them and name the"
            " folder node_modules in TOUCHLINE_TEST_NODE_MODULES"
        )
    (tmp_path / "node_modules").symlink_to(modules)
    made = [
        f"export const d{n}: Checked = {path.read_text('utf-8')};"
        for n, path in enumerate(DASHBOARDS)
    ]
    wrong = 'export const wrong: Checked = {"schemaVersion": 38, "panel": []};'
    (tmp_path / "all.ts").write_text("\n".join([GRAFANA_TYPES, *made]), "utf-8")
    (tmp_path / "wrong.ts").write_text(GRAFANA_TYPES + wrong, "utf-8")
    flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"]
    for name, good in (("all", True), ("wrong", False)):
        done = subprocess.run(
            [npx, "tsc", *flags, "--moduleResolution", "nodenext", f"{name}.ts"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (done.returncode == 0) is good, done.stdout
