"""Apply definitions from files to the library, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.operator import OPERATOR
from core.definitions.checks.secrets import Known
from core.definitions.kinds import AnyDefinition
from core.definitions.problems import Problem
from core.definitions.secret import SecretDefinition
from core.definitions.team import TeamDefinition
from core.definitions.validate import validate_files, validate_text
from core.definitions.workflow import WorkflowDefinition
from core.errors import DefinitionError
from core.services.access.secrets import apply_secret, declared_secrets
from core.services.access.teams import apply_teams
from core.services.library.approval import approve
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, DefinitionKind, Row
from core.services.library.runbooks import apply_runbook
from core.services.library.workflows import apply_workflow
from core.services.library.writing import Intent
from core.statuses import ApprovalStatus
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

ORDER = {"team": 0, "secret": 1, "runbook": 2, "workflow": 3}  # definitions that others refer to come first


@dataclass(frozen=True)
class Applied:
    kind: str
    name: str
    version: int | None
    status: str


def apply_files(unit_of_work: UnitOfWorkFactory, paths: list[Path], *, approve: bool) -> list[Applied]:
    """Apply every document under the paths in one transaction. Raises DefinitionError listing all problems."""
    known = _known(unit_of_work)
    return _apply_all(unit_of_work, *validate_files(paths, known=known), approve=approve)


def apply_text(unit_of_work: UnitOfWorkFactory, text: str, file: str, *, approve: bool) -> list[Applied]:
    """Apply the documents in `text` in one transaction; problems refer to them as `file`. Raises DefinitionError."""
    known = _known(unit_of_work)
    return _apply_all(unit_of_work, *validate_text(text, file, known=known), approve=approve)


def _known(unit_of_work: UnitOfWorkFactory) -> Known:
    with unit_of_work.begin() as work:
        return Known(secrets=declared_secrets(work.session))


def _apply_all(
    unit_of_work: UnitOfWorkFactory,
    definitions: Sequence[AnyDefinition],
    problems: Sequence[Problem],
    *,
    approve: bool,
) -> list[Applied]:
    if problems:
        raise DefinitionError(problems=problems)
    with unit_of_work.begin() as work:
        apply_teams(work, OPERATOR, [each for each in definitions if isinstance(each, TeamDefinition)])
        return [
            _apply(work, definition, approve)
            for definition in sorted(definitions, key=lambda each: ORDER[each.kind])
        ]


def _apply(work: UnitOfWork, definition: AnyDefinition, approve: bool) -> Applied:
    if isinstance(definition, TeamDefinition):
        return Applied("team", definition.name, None, "")
    if isinstance(definition, SecretDefinition):
        return Applied("secret", apply_secret(work, OPERATOR, definition).name, None, "")
    if isinstance(definition, WorkflowDefinition):
        workflow = apply_workflow(work, OPERATOR, definition)
        return _applied(work, WORKFLOWS, workflow, approve, "" if workflow.enabled else ", disabled")
    return _applied(work, RUNBOOKS, apply_runbook(work, OPERATOR, definition), approve)


def _applied(
    work: UnitOfWork, kind: DefinitionKind[Row], row: Row, is_approved: bool, besides: str = ""
) -> Applied:
    """Return the result for one row, approving it first if asked: the row is exactly what the file says."""
    # A deprecated definition stays deprecated, and a pipeline must not release one that killed its workers.
    if is_approved and row.status == ApprovalStatus.DRAFT and row.quarantine is None:
        shown = Intent(read_version=row.version)
        approve(work, OPERATOR, kind, row, shown, own_version_allowed=True)
    return Applied(kind.noun, row.name, row.version, f"{row.status}{besides}")
