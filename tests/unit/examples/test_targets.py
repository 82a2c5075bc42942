"""What happens to clusters, caches and services, and to requests that are to go wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from examples.targets.caches import Cache, entries, flush
from examples.targets.calls import Fault, take_fault
from examples.targets.clusters import (
    REBUILD,
    Cluster,
    RefusedError,
    begin_promotion,
    break_primary,
    finish_promotion,
    health,
    replica_follows,
)
from examples.targets.services import RESTART, Service, restart, service_status

NOW = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)
ORDERS = Cluster("orders", primary="one", replica="two", lag_seconds=3)


def test_a_broken_primary_takes_the_cluster_down() -> None:
    assert (health(ORDERS), health(break_primary(ORDERS))) == ("healthy", "down")


def test_a_promotion_makes_a_broken_cluster_healthy_with_the_replica_as_its_primary() -> None:
    promoting = begin_promotion(break_primary(ORDERS), NOW)
    assert health(promoting) == "promoting"
    after = finish_promotion(promoting, NOW)
    assert (after.primary, after.replica, health(after), after.promotions) == ("two", "one", "healthy", 1)
    assert after.promoted_at == NOW


def test_a_failed_primary_is_rebuilt_before_it_follows_the_new_one() -> None:
    after = finish_promotion(begin_promotion(break_primary(ORDERS), NOW), NOW)
    assert not replica_follows(after, NOW)
    assert replica_follows(after, NOW + REBUILD)


def test_a_replica_that_is_being_rebuilt_is_not_promoted() -> None:
    after = finish_promotion(begin_promotion(break_primary(ORDERS), NOW), NOW)
    with pytest.raises(RefusedError, match="one is being rebuilt"):
        begin_promotion(after, NOW)
    assert begin_promotion(after, NOW + REBUILD).promoting


def test_a_planned_promotion_leaves_the_former_primary_following() -> None:
    assert replica_follows(finish_promotion(begin_promotion(ORDERS, NOW), NOW), NOW)


def test_one_promotion_at_a_time() -> None:
    with pytest.raises(RefusedError, match="in progress"):
        begin_promotion(replace(ORDERS, promoting=True), NOW)


def test_a_flushed_cache_is_empty_and_fills_up_to_its_capacity() -> None:
    flushed = flush(Cache("sessions", capacity=1_000), NOW)
    later = [entries(flushed, NOW + timedelta(seconds=seconds)) for seconds in (0, 1, 60)]
    assert (later, flushed.flushes) == ([0, 500, 1_000], 1)


def test_a_restarted_service_is_away_for_a_moment() -> None:
    restarted = restart(Service("checkout"), NOW)
    assert [service_status(restarted, NOW), service_status(restarted, NOW + RESTART)] == [
        "restarting",
        "healthy",
    ]


def test_a_fault_happens_as_often_as_was_asked() -> None:
    faults: tuple[Fault, ...] = (Fault(path="/other", status=500), Fault(path="/here", status=503, times=2))
    seen = []
    for _ in range(3):
        fault, faults = take_fault(faults, "/here")
        seen.append(fault and fault.status)
    assert seen == [503, 503, None]
    assert [fault.path for fault in faults] == ["/other"]


def test_a_fault_without_a_number_happens_for_ever() -> None:
    faults = (Fault(path="/here", status=503),)
    assert take_fault(faults, "/here") == (faults[0], faults)


@pytest.mark.parametrize("wrong", [{"status": 200}, {"times": 0}, {"delay": -1}, {"unknown": 1}])
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"path": "/here", **wrong})
