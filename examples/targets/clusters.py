"""What happens to a database cluster: pure functions from a cluster and a moment to the cluster after it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

REBUILD = timedelta(seconds=8)  # until a failed primary, once replaced, follows the new one


class RefusedError(Exception):
    """The state of the thing forbids what was asked. The message says why."""


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
    """Does the replica follow the primary, and not still copy its data anew?"""
    return cluster.replica_ready_at is None or cluster.replica_ready_at <= now


def health(cluster: Cluster) -> str:
    """`healthy`, `promoting`, or `down`: can applications write?"""
    if cluster.promoting:
        return "promoting"
    return "healthy" if cluster.primary_up else "down"


def break_primary(cluster: Cluster) -> Cluster:
    """The primary goes down; nothing else happens until somebody promotes the replica."""
    return replace(cluster, primary_up=False)


def begin_promotion(cluster: Cluster, now: datetime) -> Cluster:
    """Start to make the replica the primary. Raises RefusedError where it is not fit for that."""
    if cluster.promoting:
        raise RefusedError(f"A promotion of {cluster.name} is under way; wait for its end.")
    if not replica_follows(cluster, now):
        raise RefusedError(f"{cluster.replica} is being rebuilt and cannot be promoted yet.")
    return replace(cluster, promoting=True)


def finish_promotion(cluster: Cluster, now: datetime) -> Cluster:
    """The replica is the primary; the former primary follows it, after a rebuild if it was down."""
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
    """The cluster as GET /clusters/{name} answers it."""
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
