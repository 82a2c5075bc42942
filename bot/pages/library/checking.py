"""What an editor shows beside a text: its mistakes, or what it does, what it changes, and how its tests go."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.pages.access.readers import Visit
from bot.pages.library.definition import DiffLine, diff_lines
from bot.pages.library.runbook import InWords, in_words
from bot.pages.library.workflow import Drawn, drawn
from bot.rest.documents import DocumentBody
from bot.rest.library import DefinitionResource
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.workflow import WorkflowDefinition
from core.definitions.yaml_format import Labelled, difference
from core.errors import DefinitionError, RunbookError
from core.services.library.kinds import Row
from core.services.library.writing import AnyDefinition
from core.simulation.on_demand import Results, play_on_demand
from core.unit_of_work import UnitOfWork

WHILE_TYPING = 0.3  # seconds for tests


@dataclass(frozen=True)
class Mistake:
    """`line` and `column` count from 1; 0 for a mistake that has no place."""

    line: int
    column: int
    said: str


@dataclass(frozen=True)
class Checked:
    """`changes`: None for a new definition. Only a text without mistakes has anything but mistakes."""

    mistakes: Sequence[Mistake]
    runbook: InWords | None = None
    workflow: Drawn | None = None
    tests: Results | None = None
    changes: Sequence[DiffLine] | None = None


def check(
    work: UnitOfWork, visit: Visit, resource: DefinitionResource[Row], text: str, row: Row | None
) -> Checked:
    """Check a text with the same bounds and the same rights as when it is saved."""
    try:
        definition = resource.read(work, visit.person, body_of(text))
    except DefinitionError as error:
        return Checked(mistakes_of(error))
    except RunbookError as error:
        return Checked([Mistake(0, 0, str(error))])
    return _checked(resource, definition, row)


def body_of(text: str) -> DocumentBody:
    return DocumentBody(text.encode("utf-8", "surrogatepass"), is_yaml=True)


def mistakes_of(error: DefinitionError) -> list[Mistake]:
    return [_mistake(each) for each in error.problems] or [Mistake(0, 0, str(error))]


def _mistake(problem: object) -> Mistake:
    if not isinstance(problem, Problem):
        return Mistake(0, 0, str(problem))
    said = f"{problem.message} {problem.hint}" if problem.hint else problem.message
    return Mistake(problem.line, problem.column, said)


def _checked(resource: DefinitionResource[Row], definition: AnyDefinition, row: Row | None) -> Checked:
    return Checked(
        mistakes=(),
        runbook=in_words(definition) if isinstance(definition, RunbookDefinition) else None,
        workflow=drawn(definition) if isinstance(definition, WorkflowDefinition) else None,
        tests=play_on_demand(definition, WHILE_TYPING) if isinstance(definition, RunbookDefinition) else None,
        changes=_changes(resource, definition, row) if row is not None else None,
    )


def _changes(resource: DefinitionResource[Row], definition: AnyDefinition, row: Row) -> list[DiffLine]:
    before, after = (resource.kind.content_of(each) for each in (row.definition, definition.document()))
    return diff_lines(difference(Labelled(f"v{row.version}", before), Labelled("new", after)))
