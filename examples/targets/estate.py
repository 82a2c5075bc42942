"""The clusters, caches and services of the targets, by name."""

from dataclasses import dataclass, field

from examples.targets.caches import Cache
from examples.targets.clusters import Cluster
from examples.targets.services import Service


def _clusters() -> dict[str, Cluster]:
    return {
        "orders": Cluster("orders", primary="orders-db-1", replica="orders-db-2", lag_seconds=3),
        "users": Cluster("users", primary="users-db-1", replica="users-db-2", lag_seconds=1),
    }


def _caches() -> dict[str, Cache]:
    return {"sessions": Cache("sessions", capacity=12_000), "catalog": Cache("catalog", capacity=4_800)}


def _services() -> dict[str, Service]:
    return {"checkout": Service("checkout"), "search": Service("search")}


@dataclass
class Estate:
    """The current state; each change replaces the value of a name."""

    clusters: dict[str, Cluster] = field(default_factory=_clusters)
    caches: dict[str, Cache] = field(default_factory=_caches)
    services: dict[str, Service] = field(default_factory=_services)
