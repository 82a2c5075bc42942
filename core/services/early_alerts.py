"""What overtook the opening of its alert: told of an alert that was not known yet, it is kept for some minutes.

An alert and what is told of it next come in requests of their own. Of two that are under way at once either may be
first; whichever it is, the incident comes out the same. The turn of the alert's key (`take_turn`) is held meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from core.alerts.alert import OTHERWISE, Alert, AlertNews
from core.service import Work
from core.statuses import Severity
from core.tables import EarlyAlert

KEPT = timedelta(minutes=10)  # far longer than any request is under way
AT_ONCE = 500  # that are forgotten with one that is kept


def keep(work: Work, keys: Sequence[str], alert: Alert, arrived: datetime) -> None:
    """Keep what is told of an alert that has no open incident, under all the keys that it may have."""
    _forget(work)
    told = {
        "news": alert.news.value,
        "severity": alert.severity.value if alert.says_severity else None,
        "note": alert.note,
        "event": alert.event,
        "arrived_at": arrived,
        "occurred_at": alert.occurred_at,
    }
    written = insert(EarlyAlert).values([{"alert_key": key, **told} for key in keys])
    is_newer = EarlyAlert.arrived_at <= written.excluded.arrived_at
    work.session.execute(
        written.on_conflict_do_update(index_elements=["alert_key", "news"], set_=told, where=is_newer)
    )


def overtook(work: Work, key: str, alert: Alert, arrived: datetime) -> list[Alert]:
    """What was told after `alert`, whose request came at `arrived`, and handled before it; in that order."""
    gone = delete(EarlyAlert).where(EarlyAlert.alert_key == key).returning(EarlyAlert)
    rows = sorted(work.session.scalars(gone), key=lambda row: row.arrived_at)
    return [_alert(row, alert) for row in rows if _is_later(row, alert, arrived)]


def _is_later(row: EarlyAlert, alert: Alert, arrived: datetime) -> bool:
    """By when the requests came; of one that was sent again, by the vendor's own clock."""
    if row.arrived_at > arrived:
        return True
    if row.occurred_at is None or alert.occurred_at is None:
        return False
    return row.occurred_at > alert.occurred_at and row.arrived_at > arrived - KEPT


def _alert(row: EarlyAlert, alert: Alert) -> Alert:
    return Alert(
        key=alert.key,
        title=alert.title,
        news=AlertNews(row.news),
        severity=Severity(row.severity) if row.severity else OTHERWISE,
        says_severity=row.severity is not None,
        note=row.note,
        event=row.event,
    )


def _forget(work: Work) -> None:
    """What is too old to matter; never waiting for others who do the same."""
    old = select(EarlyAlert.alert_key, EarlyAlert.news).where(EarlyAlert.arrived_at < work.now - KEPT)
    some = old.limit(AT_ONCE).with_for_update(skip_locked=True).subquery()
    place = tuple_(EarlyAlert.alert_key, EarlyAlert.news)
    work.session.execute(
        delete(EarlyAlert)
        .where(place.in_(select(some.c.alert_key, some.c.news)))
        .execution_options(synchronize_session=False)
    )
