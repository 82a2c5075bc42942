"""The identity of an installation: a restored copy of a database, a schema of another release, another workspace.

The facts that the database has stored about itself are compared with what it is now and what others have seen. A
release and a schema are both named by their newest migration.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self

from core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is. `identity`: of its cluster, the database and its table; a copy has a different one.

    `timeline`: of the write-ahead log; it changes on failover to a standby, and on point-in-time recovery.
    """

    identity: str
    timeline: str


class DatabaseChange(StrEnum):
    """What happened to the database since the last check."""

    NOTHING = "nothing"
    TAKEN_OVER = "taken_over"
    COPIED = "copied"
    SET_BACK = "set_back"

    @property
    def is_restore(self) -> bool:
        return self in REASONS


REASONS = {
    DatabaseChange.COPIED: "The database is a restored copy: its contents were written in another database",
    DatabaseChange.SET_BACK: "The database was restored to an earlier point in time: later contents had been seen",
}
DECLARED = "An operator declared that the database was restored from a copy"


def what_happened(known: Place, present: Place, mark: int, witnessed: int | None) -> DatabaseChange:
    """Return what happened to the database that was at `known` and whose counter is at `mark`.

    `witnessed`: the last mark seen by an outside witness, which lags behind; None: unknown. A new timeline means that a
    standby took over only if a witness confirms that nothing is missing; otherwise it may be a point-in-time recovery.
    """
    if known.identity != present.identity:
        return DatabaseChange.COPIED
    if witnessed is not None and witnessed > mark:
        return DatabaseChange.SET_BACK
    if known.timeline == present.timeline:
        return DatabaseChange.NOTHING
    return DatabaseChange.SET_BACK if witnessed is None else DatabaseChange.TAKEN_OVER


OLDEST_SCHEMA = "0034"  # supported by this release: the newest migration that its tables require


@dataclass(frozen=True, slots=True)
class Schema:
    """`revision`: of the database; None if it has no tables of ours. `oldest_code`: the oldest release it says it works
    with.
    """

    revision: str | None
    oldest_code: str | None = None


def check_compatible(schema: Schema, newest: str, oldest: str = OLDEST_SCHEMA) -> None:
    """Raise Unavailable if a release that supports the schemas `oldest` to `newest` cannot use this one."""
    if schema.revision is None:
        raise Unavailable(
            f"The database is empty; this release needs migration {newest}.", hint="Run `runbook migrate`."
        )
    if schema.revision < oldest:
        sentence = f"The database is at migration {schema.revision}; this release needs {oldest} or newer."
        raise Unavailable(sentence, hint="Run `runbook migrate`.")
    if schema.revision > newest and (schema.oldest_code is None or schema.oldest_code > newest):
        of_those = f" ({schema.oldest_code} or newer)" if schema.oldest_code else ""
        sentence = f"A newer release migrated the database to {schema.revision}; this release ({newest}) cannot use it."
        raise Unavailable(sentence, hint=f"Run a release that can{of_those}.")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack workspace and app. None: unknown. `enterprise_id` is empty if the workspace has none."""

    team_id: str | None = None
    enterprise_id: str | None = None
    app_id: str | None = None

    def or_else(self, other: Self) -> Self:
        """Return a copy in which unknown values are taken from `other`."""
        missing = [each.name for each in fields(self) if getattr(self, each.name) is None]
        return replace(self, **{name: getattr(other, name) for name in missing})


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender in Slack's signed body. `person_team_id`: the person's workspace, if Slack includes it."""

    team_id: str | None
    enterprise_id: str | None
    app_id: str | None
    person_team_id: str | None


ANOTHER_APP = "This request comes from a different Slack app than the one of this service."
ANOTHER_WORKSPACE = "This request comes from a different Slack workspace than the one of this service."
ANOTHER_ENTERPRISE = "This request comes from a different Slack organisation than the one of this service."
A_STRANGER = (
    "You belong to a different Slack workspace than this service: in a shared channel you can only read."
)


def refusal_of(sender: Sender, workspace: Workspace) -> str | None:
    """Return why a request is rejected; None if it is from our workspace and app. Missing values count as foreign."""
    if workspace.app_id is not None and sender.app_id != workspace.app_id:
        return ANOTHER_APP
    if workspace.enterprise_id is not None and (sender.enterprise_id or "") not in (
        "",
        workspace.enterprise_id,
    ):
        return ANOTHER_ENTERPRISE
    if workspace.team_id is None or sender.team_id != workspace.team_id:
        return ANOTHER_WORKSPACE
    if sender.person_team_id not in (None, workspace.team_id, workspace.enterprise_id or workspace.team_id):
        return A_STRANGER
    return None
