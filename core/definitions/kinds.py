"""The kinds of documents."""

from collections.abc import Mapping

from core.definitions.runbook import RunbookDefinition
from core.definitions.secret import SecretDefinition
from core.definitions.team import TeamDefinition
from core.definitions.workflow import WorkflowDefinition
from core.errors import DefinitionError

AnyDefinition = TeamDefinition | SecretDefinition | RunbookDefinition | WorkflowDefinition
KINDS: Mapping[str, type[AnyDefinition]] = {
    "team": TeamDefinition,
    "secret": SecretDefinition,
    "runbook": RunbookDefinition,
    "workflow": WorkflowDefinition,
}


def restore_definition(stored: Mapping[str, object]) -> AnyDefinition:
    """Read back what `model_dump(mode="json")` of a valid definition gave; raises DefinitionError for another kind."""
    kind = KINDS.get(str(stored.get("kind")))
    if kind is None:
        raise DefinitionError(f"There is no document kind {stored.get('kind')!r}.", field="kind")
    return kind.model_validate(stored)


def build_models() -> None:
    """Find all types of steps and actions and build the models: else whoever reads the first definition waits for it.

    Raises ConfigurationError where two types have one name.
    """
    for kind in KINDS.values():
        kind.model_rebuild()
