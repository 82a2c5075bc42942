"""What the library kept, read again: what was valid once need not be."""

from core.definitions.kept import NotValidAnyMore
from core.definitions.runbook import RunbookDefinition
from core.definitions.validate import validate_data
from core.definitions.workflow import WorkflowDefinition
from core.tables import JsonObject


def still_valid(name: str, version: int, document: JsonObject) -> RunbookDefinition | WorkflowDefinition:
    """The definition of a document that is to be written again, all checks passed. Raises NotValidAnyMore."""
    definitions, problems = validate_data(document)
    for problem in problems:
        raise NotValidAnyMore(name, version, problem)
    [definition] = definitions
    assert isinstance(definition, RunbookDefinition | WorkflowDefinition)
    return definition
