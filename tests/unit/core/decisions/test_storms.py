"""When there is an alert storm, and the title of its incident."""

import pytest

from core.alerts.storms import is_storm, severity, title
from core.statuses import Severity


@pytest.mark.parametrize(("arrived", "storm"), [(0, False), (9, False), (10, True), (500, True)])
def test_it_is_one_beyond_the_measure(arrived: int, storm: bool) -> None:
    assert is_storm(arrived, 10) is storm


def test_its_name_counts() -> None:
    assert title(57, "alertmanager", "web") == "Alert storm: 57 alerts from alertmanager (web)"
    assert title(1, "grafana", "web") == "Alert storm: 1 alert from grafana (web)"


def test_it_is_as_severe_as_the_worst_of_it() -> None:
    assert severity(Severity.LOW, Severity.CRITICAL) is Severity.CRITICAL
    assert severity(Severity.HIGH, Severity.INFO) is Severity.HIGH
