"""The status page of the estate."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from examples.targets.caches import shown_cache
from examples.targets.calls import Call
from examples.targets.clusters import shown_cluster
from examples.targets.estate import Estate
from examples.targets.services import shown_service

REFRESH_SECONDS = 1


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def status_page(estate: Estate, calls: Sequence[Call], now: datetime) -> str:
    """Return the estate as HTML. `calls`: the latest calls, newest first."""
    return (
        _templates()
        .get_template("status.html")
        .render(
            refresh=REFRESH_SECONDS,
            now=now,
            clusters=[shown_cluster(cluster, now) for cluster in estate.clusters.values()],
            caches=[shown_cache(cache, now) for cache in estate.caches.values()],
            services=[shown_service(service, now) for service in estate.services.values()],
            calls=calls,
        )
    )
