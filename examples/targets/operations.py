"""The operations on the estate: find an object, change it with `clusters`, `caches` or `services`, and store it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, Field

from examples.targets.answers import Answer, UnknownNameError, ok
from examples.targets.caches import flush, shown_cache
from examples.targets.clusters import (
    RefusedError,
    begin_promotion,
    break_primary,
    finish_promotion,
    shown_cluster,
)
from examples.targets.estate import Estate
from examples.targets.services import restart, shown_service

Thing = TypeVar("Thing")


class Lag(BaseModel, extra="ignore", frozen=True):
    """An optional body: the lag in seconds that the caller measured (promote) or wants to set (break)."""

    lag: float | None = Field(default=None, ge=0)


def find(things: Mapping[str, Thing], name: str) -> Thing:
    """Return the object with this name. Raises UnknownNameError."""
    if name not in things:
        raise UnknownNameError(f"There is no {name!r} here. Known names: {', '.join(sorted(things))}.")
    return things[name]


@dataclass(frozen=True)
class Operations:
    """The estate, the clock, and how promotions behave."""

    estate: Estate
    now: Callable[[], datetime]
    promote_seconds: float
    refuse_promote: bool

    async def promote(self, name: str, lag: Lag) -> Answer:
        """Make the replica the primary; takes `promote_seconds`. Raises RefusedError."""
        clusters = self.estate.clusters
        cluster = find(clusters, name)
        if self.refuse_promote:
            raise RefusedError(f"{cluster.replica} refuses to be promoted (started with --refuse-promote).")
        clusters[name] = begin_promotion(cluster, self.now())
        await asyncio.sleep(self.promote_seconds)
        clusters[name] = finish_promotion(clusters[name], self.now())
        return ok(shown_cluster(clusters[name], self.now()) | {"lag": lag.lag})

    async def break_primary(self, name: str, lag: Lag) -> Answer:
        """Take the primary down; a given lag sets how far the replica is behind."""
        clusters = self.estate.clusters
        broken = break_primary(find(clusters, name))
        clusters[name] = broken if lag.lag is None else replace(broken, lag_seconds=int(lag.lag))
        return ok(shown_cluster(clusters[name], self.now()))

    async def flush(self, name: str) -> Answer:
        """Empty a cache."""
        self.estate.caches[name] = flush(find(self.estate.caches, name), self.now())
        return ok(shown_cache(self.estate.caches[name], self.now()))

    async def restart(self, name: str) -> Answer:
        """Restart a service."""
        self.estate.services[name] = restart(find(self.estate.services, name), self.now())
        return ok(shown_service(self.estate.services[name], self.now()))

    async def show_clusters(self) -> Answer:
        """Show all clusters."""
        return ok({"clusters": [shown_cluster(each, self.now()) for each in self.estate.clusters.values()]})

    async def show_cluster(self, name: str) -> Answer:
        """Show one cluster."""
        return ok(shown_cluster(find(self.estate.clusters, name), self.now()))

    async def show_lag(self, name: str) -> Answer:
        """Show how many seconds the replica is behind."""
        return ok({"cluster": name, "seconds": find(self.estate.clusters, name).lag_seconds})

    async def show_health(self, name: str) -> Answer:
        """Show whether applications can write."""
        shown = shown_cluster(find(self.estate.clusters, name), self.now())
        return ok({"cluster": name, "status": shown["health"], "primary": shown["primary"]})

    async def show_cache(self, name: str) -> Answer:
        """Show one cache."""
        return ok(shown_cache(find(self.estate.caches, name), self.now()))

    async def show_service(self, name: str) -> Answer:
        """Show one service."""
        return ok(shown_service(find(self.estate.services, name), self.now()))
