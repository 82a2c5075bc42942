"""Applying definitions: files to the library, all of them or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.decisions.people import Person
from core.definitions.kinds import AnyDefinition
from core.definitions.problems import Problem
from core.definitions.secret import SecretDefinition
from core.definitions.team import TeamDefinition
from core.definitions.validate import validate_files, validate_text
from core.definitions.workflow import WorkflowDefinition
from core.errors import DefinitionError
from core.service import Service, Work
from core.services.people import apply_team
from core.services.runbooks import apply_runbook, approve_runbook
from core.services.secrets import apply_secret, declared_secrets
from core.services.workflows import apply_workflow
from core.statuses import ApprovalStatus

ORDER = {"team": 0, "secret": 1, "runbook": 2, "workflow": 3}  # what is referred to comes first
OPERATOR = Person("operator", is_platform_admin=True, source="cli")


@dataclass(frozen=True)
class Applied:
    kind: str
    name: str
    version: int | None
    status: str


def apply_files(service: Service, paths: list[Path], *, approve: bool) -> list[Applied]:
    """Apply every document under the paths, in one transaction. Raises DefinitionError with all problems."""
    known = _declared(service)
    return _apply_all(service, *validate_files(paths, known_secrets=known), approve=approve)


def apply_text(service: Service, text: str, file: str, *, approve: bool) -> list[Applied]:
    """The same for documents at hand; `file` is how problems name them."""
    known = _declared(service)
    return _apply_all(service, *validate_text(text, file, known_secrets=known), approve=approve)


def _declared(service: Service) -> Mapping[str, SecretDefinition]:
    with service.transaction() as work:
        return declared_secrets(work.session)


def _apply_all(
    service: Service, definitions: Sequence[AnyDefinition], problems: Sequence[Problem], *, approve: bool
) -> list[Applied]:
    if problems:
        raise DefinitionError(problems=problems)
    with service.transaction() as work:
        return [
            _apply(work, definition, approve)
            for definition in sorted(definitions, key=lambda each: ORDER[each.kind])
        ]


def _apply(work: Work, definition: AnyDefinition, approve: bool) -> Applied:
    if isinstance(definition, TeamDefinition):
        return Applied("team", apply_team(work, OPERATOR, definition).name, None, "")
    if isinstance(definition, SecretDefinition):
        return Applied("secret", apply_secret(work, OPERATOR, definition).name, None, "")
    if isinstance(definition, WorkflowDefinition):
        workflow = apply_workflow(work, OPERATOR, definition)
        return Applied(
            "workflow", workflow.name, workflow.version, "enabled" if workflow.enabled else "disabled"
        )
    runbook = apply_runbook(work, OPERATOR, definition)
    # What somebody deprecated stays so, and what killed its workers does not run again because a pipeline ran.
    if approve and runbook.status == ApprovalStatus.DRAFT and runbook.quarantine is None:
        approve_runbook(work, OPERATOR, runbook, own_version_allowed=True)
    return Applied("runbook", runbook.name, runbook.version, runbook.status)
