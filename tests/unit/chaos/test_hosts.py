"""Hosts that need no network: their names, who may make them, what a client saw."""

import pytest

from chaos.hosts import namespaces
from chaos.hosts.environment import WEBS, WORKERS, members_of
from chaos.hosts.faults import CUTS
from chaos.hosts.play import LONG, SHORT, Plan
from chaos.probing import Probe, describe, during

PROBES = [Probe(1, 0.1), Probe(2, 3.0, "ReadTimeout"), Probe(6, 0.1, "503"), Probe(9, 0.1)]


def test_a_host_for_web_has_one_process_of_each_kind_and_one_for_workers_as_many_as_it_is_told() -> None:
    assert members_of("web-2", 3) == ["web-2", "poster-2", "clock-2"]
    assert members_of("worker-4", 2) == ["worker-4.1", "worker-4.2"]


@pytest.mark.parametrize("plan", [SHORT, LONG], ids=["short", "long"])
def test_each_strike_leaves_one_host_of_each_kind(plan: Plan) -> None:
    for faults, _seconds in plan.strikes:
        assert set(faults.values()) <= set(CUTS)
        assert set(WEBS) - set(faults)
        assert set(WORKERS) - set(faults)


def test_without_iproute2_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    sentence = namespaces.missing()
    assert sentence is not None
    assert "iproute2" in sentence


def test_a_request_counts_for_a_fault_that_it_met_while_it_was_under_way() -> None:
    assert during(PROBES, 4.0, 6.0) == [Probe(2, 3.0, "ReadTimeout"), Probe(6, 0.1, "503")]


def test_failures_are_counted_by_kind() -> None:
    assert describe(PROBES) == "2 of 4 (1 ReadTimeout, 1 503)"
    assert describe(PROBES[:1]) == "0 of 1"
