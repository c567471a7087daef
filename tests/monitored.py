"""Expressions of rules and dashboards, and the metrics that the code exposes, for tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "monitoring"
RULES = MONITORING / "rules" / "touchline.yml"
DASHBOARDS = sorted((MONITORING / "dashboards").glob("*.json"))

TARGET = {"job", "instance"}
"""The labels that Prometheus adds to each series."""

_SELECTOR = re.compile(r"\b(touchline[\w:]*|process_\w+|up|ALERTS)\b(?:\{([^}]*)\})?")
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left)\s*\(([^)]*)\)")


def rules() -> list[dict[str, Any]]:
    """Return every rule, recording or alerting."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboards() -> dict[str, dict[str, Any]]:
    """Return every dashboard by the name of its file."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in DASHBOARDS}


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every expression with the place where it stands."""
    for rule in rules():
        yield f"rule {rule.get('alert') or rule['record']}", rule["expr"]
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", target["expr"]
        for annotation in dashboard["annotations"]["list"]:
            yield f"{name}: {annotation['name']}", annotation["target"]["expr"]


def exposed() -> dict[str, set[str]]:
    """Return the labels of each metric: by docs/METRICS.md, which a test compares with the code,
    by the recording rules, and those of Prometheus and its client."""
    found = {"up": set(TARGET), "ALERTS": {*TARGET, "alertname", "alertstate", "event"}}
    for name in (
        "cpu_seconds_total",
        "resident_memory_bytes",
        "open_fds",
        "max_fds",
        "start_time_seconds",
    ):
        found[f"process_{name}"] = set(TARGET)
    for line in (ROOT / "docs" / "METRICS.md").read_text("utf-8").splitlines():
        if line.startswith("| `touchline_"):
            name, kind, labels, _ = (cell.strip() for cell in line.strip("|").split(" | "))
            has = {*TARGET, *re.findall(r"`(\w+)`", labels)}
            name = name.strip("`")
            found[name] = has
            if kind == "histogram":
                found |= {f"{name}_bucket": {*has, "le"}, f"{name}_count": has, f"{name}_sum": has}
    for rule in rules():
        if "record" in rule:
            by = re.match(r"[^(]*\bby \(([^)]*)\)", rule["expr"])
            by = by or re.search(r"sum by \(([^)]*)\)", rule["expr"])
            labels = by.group(1) if by else ""
            found[rule["record"]] = set(re.findall(r"\w+", labels)) - {"le"}
    return found


def problems(expression: str, known: dict[str, set[str]]) -> list[str]:
    """Return what an expression names that no process exposes."""
    used: set[str] = set()
    found = []
    selectors = _SELECTOR.findall(expression)
    for name, matchers in selectors:
        if name not in known:
            found.append(f"no metric {name}")
            continue
        used |= known[name]
        labels = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', matchers))
        found += [f"{name} has no label {label}" for label in sorted(labels - known[name])]
    for group in _GROUPING.findall(re.sub(r'"[^"]*"', '""', expression)):
        found += [f"nothing has a label {one}" for one in set(re.findall(r"\w+", group)) - used]
    return found if selectors else ["names no metric"]
