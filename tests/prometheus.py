"""A real Prometheus for tests, with the project's configuration and rules in shorter time."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types

from tests.monitored import MONITORING, RULES
from tests.patience import PATIENCE

PROMETHEUS = shutil.which("prometheus")

SHORTER = 60
"""How many times as fast time goes in `shortened` rules: a minute is a second."""

WINDOW, PENDING = 4.0, 1.5
"""The least seconds of a shortened window, which needs several scrapes, and of a `for`."""

THRESHOLDS = {
    "TouchlineCopyBehind": [("> 60", "> 3")],
    "TouchlineDisputes": [("> 300", "> 5")],
    "TouchlineHostSilent": [("> 30", "> 5")],
    "TouchlineRelayBehind": [("> 30", "> 3")],
    "TouchlineVenueSilent": [("> 60", "> 1.5")],
    "TouchlineVerdictSlow": [("> 30", "> 2"), ('le="30.0"', 'le="2.0"')],
}
"""Where a threshold is a time, what stands for it in shortened rules, in seconds."""

_SECONDS = {"s": 1, "m": 60, "h": 3_600}


def shortened() -> dict[str, Any]:
    """Return the rules with all windows and waiting times shorter."""
    rules: dict[str, Any] = yaml.safe_load(RULES.read_text("utf-8"))
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        rule["expr"] = re.sub(
            r"\[(\d+)([smh])\]", lambda found: f"[{_short(*found.groups(), WINDOW)}]", rule["expr"]
        )
        if "for" in rule:
            rule["for"] = _short(rule["for"][:-1], rule["for"][-1], PENDING)
        for before, after in THRESHOLDS.get(rule.get("alert", ""), ()):
            assert before in rule["expr"]
            rule["expr"] = rule["expr"].replace(before, after)
    return rules


def _short(number: str, unit: str, least: float) -> str:
    return f"{round(1_000 * max(least, int(number) * _SECONDS[unit] / SHORTER))}ms"


def free_port() -> int:
    """Return a port of this machine that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


class Prometheus:
    """Asks a Prometheus that runs.

    Args:
        place: where it listens, HOST:PORT.
    """

    def __init__(self, place: str) -> None:
        self._api = f"http://{place}/api/v1"
        self._began = time.time()

    def ask(self, expression: str) -> list[Any]:
        """Return what it answers now; nothing while it does not answer."""
        return self._get("query", query=expression)

    def ever(self, expression: str) -> list[Any]:
        """Return what it answers of any second since it was started."""
        span = {"start": self._began, "end": time.time(), "step": 1}
        return self._get("query_range", query=expression, **span)

    def fired(self) -> set[str]:
        """Return the names of the alerts that have fired since it was started."""
        ever = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1h]))'
        return {one["metric"]["alertname"] for one in self.ask(ever)}

    def _get(self, path: str, **asked: object) -> list[Any]:
        body = urllib.parse.urlencode(asked).encode()
        try:
            with urllib.request.urlopen(f"{self._api}/{path}", body, PATIENCE) as answer:
                result: list[Any] = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{asked}: {error.read().decode()}") from None
        except OSError:  # it has not started yet
            return []
        return result


@contextmanager
def prometheus(
    folder: Path, broker_page: str, *pages: tuple[str, str], short: bool = False
) -> Iterator[Prometheus]:
    """Run a Prometheus with the project's configuration, that scrapes each second and finds all but
    the broker through the broker.

    Args:
        folder: for its files.
        broker_page: the URL of the broker's metrics.
        pages: further processes, each the name of its job and the URL of its metrics.
        short: whether time goes faster in its rules.
    """
    assert PROMETHEUS is not None
    configuration = yaml.safe_load((MONITORING / "prometheus.yml").read_text("utf-8"))
    every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "500ms"}
    configuration["global"] = every
    rules = RULES
    if short:
        rules = folder / "rules.yml"
        rules.write_text(json.dumps(shortened()), "utf-8")
    configuration["rule_files"] = [str(rules)]
    broker, found = configuration["scrape_configs"]
    broker["static_configs"] = [{"targets": [_place(broker_page)]}]
    url = f"http://{_place(broker_page)}/targets"
    found["http_sd_configs"] = [{"url": url, "refresh_interval": "1s"}]
    jobs: dict[str, list[str]] = {}
    for job, page in pages:
        jobs.setdefault(job, []).append(_place(page))
    configuration["scrape_configs"] += [
        {"job_name": job, "static_configs": [{"targets": places}]} for job, places in jobs.items()
    ]
    file, place = folder / "prometheus.yml", f"127.0.0.1:{free_port()}"
    file.write_text(json.dumps(configuration), "utf-8")  # JSON is YAML
    process = subprocess.Popen(
        [
            PROMETHEUS,
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={place}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Prometheus(place)
    finally:
        process.kill()
        process.wait()


def _place(page: str) -> str:
    return urllib.parse.urlsplit(page).netloc
