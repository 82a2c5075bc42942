"""Whose database this is: a restored copy, a schema of another release, another workspace.

Whether a database is a restored copy: what it says of itself, held against what it was and what was seen of it.

Whether a release works with the schema that the database has: before a migration, and after a newer one's.

A release is named by its newest migration, and so is a schema.

Which Slack workspace and app we belong to, and whether a request comes from there. Pure.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self

from core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is. `identity`: its cluster, its own number there and that of its table; a copy has another one.

    `timeline`: of the write-ahead log; it changes when a standby takes over, and when a moment of the past is restored.
    """

    identity: str
    timeline: str


class Happened(StrEnum):
    """What became of the database since it was last looked at."""

    NOTHING = "nothing"
    TAKEN_OVER = "taken_over"
    COPIED = "copied"
    SET_BACK = "set_back"

    @property
    def is_restore(self) -> bool:
        return self in REASONS


REASONS = {
    Happened.COPIED: "The database is a restored copy: it is another one than that which its contents were written in",
    Happened.SET_BACK: "The database was set back to a moment of the past: more had been seen of it",
}
DECLARED = "An operator says that the database was restored from a copy"


def what_happened(known: Place, present: Place, mark: int, witnessed: int | None) -> Happened:
    """What became of the database that was at `known`, and has come to `mark`.

    `witnessed`: the mark that somebody outside saw it come to, which it only ever sees afterwards; None: nobody knows.
    A new timeline alone is a standby that took over, if a witness says that nothing is missing; else it may as well be
    a moment of the past.
    """
    if known.identity != present.identity:
        return Happened.COPIED
    if witnessed is not None and witnessed > mark:
        return Happened.SET_BACK
    if known.timeline == present.timeline:
        return Happened.NOTHING
    return Happened.SET_BACK if witnessed is None else Happened.TAKEN_OVER


OLDEST_SCHEMA = "0021"  # that this release works with: the newest migration that made what its tables need


@dataclass(frozen=True, slots=True)
class Schema:
    """`revision`: where the database is; None: it has no tables of ours. `oldest_code`: what it says works with it."""

    revision: str | None
    oldest_code: str | None = None


def check_compatible(schema: Schema, newest: str, oldest: str = OLDEST_SCHEMA) -> None:
    """Raise Unavailable where a release that works with the schemas `oldest` to `newest` does not with this one."""
    if schema.revision is None:
        raise Unavailable(
            f"The database is empty, and this release needs {newest}.", hint="Run `runbook migrate`."
        )
    if schema.revision < oldest:
        sentence = (
            f"The database is at migration {schema.revision}, and this release needs {oldest} or newer."
        )
        raise Unavailable(sentence, hint="Run `runbook migrate`.")
    if schema.revision > newest and (schema.oldest_code is None or schema.oldest_code > newest):
        of_those = f" ({schema.oldest_code} or newer)" if schema.oldest_code else ""
        sentence = f"A newer release migrated the database to {schema.revision}; this one ({newest}) does not fit it."
        raise Unavailable(sentence, hint=f"Run a release that does{of_those}.")


@dataclass(frozen=True, slots=True)
class Workspace:
    """None: not known. `enterprise_id` is empty where the workspace is known to belong to none."""

    team_id: str | None = None
    enterprise_id: str | None = None
    app_id: str | None = None

    def or_else(self, other: Self) -> Self:
        """This, and from the other one what is not known here."""
        missing = [each.name for each in fields(self) if getattr(self, each.name) is None]
        return replace(self, **{name: getattr(other, name) for name in missing})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request, as Slack's signed body says. `person_team_id`: of the person, where Slack tells it."""

    team_id: str | None
    enterprise_id: str | None
    app_id: str | None
    person_team_id: str | None


ANOTHER_APP = "This comes from another Slack app than the one that this service belongs to."
ANOTHER_WORKSPACE = "This comes from another Slack workspace than the one that this service belongs to."
ANOTHER_ENTERPRISE = "This comes from another Slack organisation than the one that this service belongs to."
A_STRANGER = (
    "You are of another Slack workspace than this service: in a shared channel you can look on, no more."
)


def refusal_of(sender: Sender, workspace: Workspace) -> str | None:
    """Why a request is not heard; None where it is one of our own. What it leaves out is not taken to be ours."""
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
