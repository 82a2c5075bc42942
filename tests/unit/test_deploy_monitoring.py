"""The dashboard and the alert rules name metrics that exist, and every metric is used in one of them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.pages.metrics import OfProcess, families_of, families_of_process
from core.decisions.heartbeats import Liveness
from core.services.operations.monitoring import Backlog, Durations, Figures

DEPLOY = Path(__file__).parents[2] / "deploy"
PAGE = Path(__file__).parents[2] / "docs" / "operations" / "monitoring.md"
NAME = re.compile(r"\brunbook_[a-z_]+")
HISTOGRAM = re.compile(r"_(bucket|sum|count)$")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = Backlog(0)
FIGURES = Figures(
    executions={"runbook": {}, "workflow": {}},
    waiting={},
    due=NOTHING,
    lost=NOTHING,
    held=0,
    losses=0,
    gates=NOTHING,
    undelivered=NOTHING,
    owed=0,
    unsealed=0,
    uncounted=0,
    processes=[Liveness("clock", 1, timedelta(0))],
    connections=0,
    most_connections=0,
    durations=Durations({}, {}, {}),
)


def existing() -> set[str]:
    families = [*families_of(FIGURES, NOW), *families_of_process(OfProcess(True, 0, 0))]
    return {family.name for family in families}


def metrics_in(expression: str) -> set[str]:
    return {HISTOGRAM.sub("", name) for name in NAME.findall(expression)}


def rules() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def queries() -> Iterator[str]:
    for panel in json.loads((DEPLOY / "grafana/runbook.json").read_text())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def test_what_the_rules_and_the_dashboard_name_exists_and_what_exists_is_looked_at() -> None:
    alerted = set().union(*(metrics_in(rule["expr"]) for rule in rules()))
    drawn = set().union(*map(metrics_in, queries()))
    assert alerted <= existing()
    assert drawn == existing()


def test_every_metric_and_every_alert_is_explained() -> None:
    explained = PAGE.read_text()
    missing = {name for name in existing() if f"`{name}" not in explained}
    assert missing == set()
    assert {rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in explained} == set()


def test_panels_do_not_overlap() -> None:
    panels = json.loads((DEPLOY / "grafana/runbook.json").read_text())["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize(
    "arguments", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")], ids=" ".join
)
def test_prometheus_takes_the_rules(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; it is in Debian's package prometheus")
    done = subprocess.run(
        [promtool, *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
