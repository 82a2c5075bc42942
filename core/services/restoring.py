"""What the library kept, read again: what was valid once need not be."""

from core.definitions.runbook import RunbookDefinition
from core.definitions.team import TeamDefinition
from core.definitions.validate import validate_data
from core.definitions.workflow import WorkflowDefinition
from core.errors import Conflict
from core.tables import JsonObject


def still_valid(name: str, version: int, document: JsonObject) -> RunbookDefinition | WorkflowDefinition:
    """The definition of a document that was kept. Step types come and go, and checks become stricter: Conflict."""
    definitions, problems = validate_data(document)
    for problem in problems:
        sentence = f"Version {version} of {name} is not valid any more, at {problem.field}: {problem.message}"
        raise Conflict(sentence, hint=problem.hint)
    [definition] = definitions
    assert not isinstance(definition, TeamDefinition)
    return definition
