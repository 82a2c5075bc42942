"""Incidents, their timelines, and their alerts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base, JsonObject
from core.tables.people import Team

TITLE_WORDS = "to_tsvector('simple'::regconfig, title)"  # as the index of them has it


class Incident(Base):
    """`number` is for people (`inc-12`), `id` for programs. `slack_channel` is null until there is one.

    `kind`: of core.statuses.IncidentKind.

    `links`: things created elsewhere for the incident, such as tickets: `{"name", "url"}` each.
    `alert_key`: of the alert that opened it; unique among unresolved incidents.
    `alert_severity`: the latest severity of that alert, which may differ from the incident's own; null if unknown.
    `channel_is_current`: false for an incident that shared its channel with a newer one before channels were exclusive:
    its messages still go there, but commands there do not apply to it.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_created_at", "created_at", "id"),
        Index("ix_incidents_team_id_created_at", "team_id", "created_at", "id"),
        Index("ix_incidents_title_words", text(TITLE_WORDS), postgresql_using="gin"),
        Index("ix_incidents_not_closed", "created_at", postgresql_where=text("status <> 'closed'")),
        Index(
            "ix_incidents_unresolved_maintenance",
            "created_at",
            postgresql_where=text("kind = 'maintenance' AND status IN ('open', 'acknowledged')"),
        ),
        Index(
            "uq_incidents_alert_key",
            "alert_key",
            unique=True,
            postgresql_where=text("status IN ('open', 'acknowledged')"),
        ),
        Index(
            "uq_incidents_open_in_channel",
            "slack_channel",
            unique=True,
            postgresql_where=text("status <> 'closed' AND channel_is_current"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Identity(), unique=True)
    kind: Mapped[str] = mapped_column(server_default="incident")
    title: Mapped[str]
    description: Mapped[str]
    severity: Mapped[str]
    service: Mapped[str | None]
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"))
    labels: Mapped[JsonObject]
    status: Mapped[str]
    slack_channel: Mapped[str | None] = mapped_column(index=True)
    channel_is_current: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    opened_by: Mapped[str]
    created_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    request_key: Mapped[str | None] = mapped_column(unique=True)
    links: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    alert_key: Mapped[str | None]
    alert_severity: Mapped[str | None]
    team: Mapped[Team] = relationship(lazy="joined")


class IncidentEvent(Base):
    """One entry of an incident's timeline; the kinds that triggers name also start workflows.

    `depth`: how many workflows in a chain led to it: 0 for people's actions, 1 for those of a workflow started by such
    an event, and so on. `initiators`: who initiated it (core.decisions.initiators).
    """

    __tablename__ = "incident_events"
    __table_args__ = (Index("ix_incident_events_incident_id_number", "incident_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Identity(), unique=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"))
    type: Mapped[str]
    actor: Mapped[str]
    details: Mapped[JsonObject]
    depth: Mapped[int] = mapped_column(server_default=text("0"))
    initiators: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    created_at: Mapped[datetime]


class IncidentAgeReached(Base):
    """An incident has reached the age of a workflow's trigger and has been checked for it, once."""

    __tablename__ = "incident_ages_reached"

    workflow_id: Mapped[str] = mapped_column(ForeignKey("workflows.id"), primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    minutes: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class ScheduledOccurrence(Base):
    """An occurrence of a workflow's schedule that was decided: it started, or it was the last of those missed.

    `incident_id`: of the incident that it opened; null if it was missed, then `reason` says why.
    """

    __tablename__ = "scheduled_occurrences"

    workflow_id: Mapped[str] = mapped_column(ForeignKey("workflows.id"), primary_key=True)
    occurs_at: Mapped[datetime] = mapped_column(primary_key=True)
    incident_id: Mapped[str | None] = mapped_column(ForeignKey("incidents.id"))
    reason: Mapped[str | None]
    created_at: Mapped[datetime]


class GroupedAlert(Base):
    """An alert that came in a storm: it has no incident of its own, but counts towards `incident_id`.

    `alert_key` and `severity`: like `Incident.alert_key` and `alert_severity`. `resolved_at`: when its sender reported
    that it was resolved.
    """

    __tablename__ = "grouped_alerts"
    __table_args__ = (
        Index("ix_grouped_alerts_alert_key", "alert_key", postgresql_where=text("resolved_at IS NULL")),
    )

    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    alert_key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    severity: Mapped[str | None]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class EarlyAlert(Base):
    """News of an alert that was not known: the newest of each kind, kept for some minutes.

    `alert_key`: of the incident that it may concern. `news`: of core.alerts.alert.AlertNews. `arrived_at`: when the
    request came; an alert whose own request came earlier takes the news into account (core.services.incidents.alerts).
    """

    __tablename__ = "early_alerts"
    __table_args__ = (Index("ix_early_alerts_arrived_at", "arrived_at"),)

    alert_key: Mapped[str] = mapped_column(primary_key=True)
    news: Mapped[str] = mapped_column(primary_key=True)
    severity: Mapped[str | None]
    note: Mapped[str]
    event: Mapped[str]
    arrived_at: Mapped[datetime]
    occurred_at: Mapped[datetime | None]
