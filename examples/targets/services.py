"""What happens to a service: it is restarted. Pure, as `clusters`."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RESTART = timedelta(seconds=2)


@dataclass(frozen=True)
class Service:
    """A service that is away for a moment after each restart."""

    name: str
    restarts: int = 0
    restarted_at: datetime | None = None


def restart(service: Service, now: datetime) -> Service:
    """Restart the service."""
    return replace(service, restarts=service.restarts + 1, restarted_at=now)


def service_status(service: Service, now: datetime) -> str:
    """`restarting` or `healthy`."""
    away = service.restarted_at is not None and now < service.restarted_at + RESTART
    return "restarting" if away else "healthy"


def shown_service(service: Service, now: datetime) -> dict[str, object]:
    """The service as GET /services/{name} answers it."""
    return {
        "service": service.name,
        "status": service_status(service, now),
        "restarts": service.restarts,
        "restarted_at": service.restarted_at.isoformat() if service.restarted_at else None,
    }
