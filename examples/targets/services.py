"""A service that can be restarted. Pure functions, as in `clusters`."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RESTART = timedelta(seconds=2)


@dataclass(frozen=True)
class Service:
    """A service that is down for a moment after each restart."""

    name: str
    restarts: int = 0
    restarted_at: datetime | None = None


def restart(service: Service, now: datetime) -> Service:
    """Restart the service."""
    return replace(service, restarts=service.restarts + 1, restarted_at=now)


def service_status(service: Service, now: datetime) -> str:
    """Return `restarting` or `healthy`."""
    is_down = service.restarted_at is not None and now < service.restarted_at + RESTART
    return "restarting" if is_down else "healthy"


def shown_service(service: Service, now: datetime) -> dict[str, object]:
    """Return the service as GET /services/{name} shows it."""
    return {
        "service": service.name,
        "status": service_status(service, now),
        "restarts": service.restarts,
        "restarted_at": service.restarted_at.isoformat() if service.restarted_at else None,
    }
