"""A database cluster, and pure functions that change it at a given moment."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

REBUILD = timedelta(seconds=8)  # for a failed primary, once replaced, to follow the new one


class RefusedError(Exception):
    """The current state forbids the operation. The message says why."""


@dataclass(frozen=True)
class Cluster:
    """A primary and the replica that follows it."""

    name: str
    primary: str
    replica: str
    lag_seconds: int
    primary_up: bool = True
    promoting: bool = False
    replica_ready_at: datetime | None = None  # None: it follows the primary
    promotions: int = 0
    promoted_at: datetime | None = None


def replica_follows(cluster: Cluster, now: datetime) -> bool:
    """Return whether the replica follows the primary, rather than being rebuilt."""
    return cluster.replica_ready_at is None or cluster.replica_ready_at <= now


def health(cluster: Cluster) -> str:
    """Return `healthy` if applications can write, otherwise `promoting` or `down`."""
    if cluster.promoting:
        return "promoting"
    return "healthy" if cluster.primary_up else "down"


def break_primary(cluster: Cluster) -> Cluster:
    """Take the primary down; nothing else happens until somebody promotes the replica."""
    return replace(cluster, primary_up=False)


def begin_promotion(cluster: Cluster, now: datetime) -> Cluster:
    """Start to make the replica the primary. Raises RefusedError if it cannot be promoted now."""
    if cluster.promoting:
        raise RefusedError(f"A promotion of {cluster.name} is in progress; wait for it to finish.")
    if not replica_follows(cluster, now):
        raise RefusedError(f"{cluster.replica} is being rebuilt and cannot be promoted yet.")
    return replace(cluster, promoting=True)


def finish_promotion(cluster: Cluster, now: datetime) -> Cluster:
    """Make the replica the primary; the former primary follows it, after a rebuild if it was down."""
    return replace(
        cluster,
        primary=cluster.replica,
        replica=cluster.primary,
        primary_up=True,
        promoting=False,
        replica_ready_at=None if cluster.primary_up else now + REBUILD,
        promotions=cluster.promotions + 1,
        promoted_at=now,
    )


def shown_cluster(cluster: Cluster, now: datetime) -> dict[str, object]:
    """Return the cluster as GET /clusters/{name} shows it."""
    return {
        "cluster": cluster.name,
        "primary": cluster.primary,
        "primary_up": cluster.primary_up,
        "replica": cluster.replica,
        "replica_follows": replica_follows(cluster, now),
        "lag_seconds": cluster.lag_seconds,
        "health": health(cluster),
        "promotions": cluster.promotions,
        "promoted_at": cluster.promoted_at.isoformat() if cluster.promoted_at else None,
    }
