"""What an editor shows beside a text: its mistakes, or what it does, what it changes, and how its tests go."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.pages.access.readers import Visit
from bot.pages.library.outline import DiffLine, Drawn, InWords, diff_lines, drawn, in_words
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


def read_text(
    work: UnitOfWork, visit: Visit, resource: DefinitionResource[Row], text: str
) -> AnyDefinition | Checked:
    """Read a text with the same bounds and the same rights as when it is saved. Return its mistakes if it has any."""
    try:
        return resource.read(work, visit.person, body_of(text))
    except DefinitionError as error:
        return Checked(mistakes_of(error))
    except RunbookError as error:
        return Checked([Mistake(0, 0, str(error))])


def body_of(text: str) -> DocumentBody:
    return DocumentBody(text.encode("utf-8", "surrogatepass"), is_yaml=True)


def mistakes_of(error: DefinitionError) -> list[Mistake]:
    return [_mistake(each) for each in error.problems] or [Mistake(0, 0, str(error))]


def _mistake(problem: object) -> Mistake:
    if not isinstance(problem, Problem):
        return Mistake(0, 0, str(problem))
    said = f"{problem.message} {problem.hint}" if problem.hint else problem.message
    return Mistake(problem.line, problem.column, said)


def checked(resource: DefinitionResource[Row], definition: AnyDefinition, before: Labelled | None) -> Checked:
    """Return what is shown beside a text without mistakes. It needs no database, and takes a while: tests are run.

    `before`: the version that was opened; None for a new definition.
    """
    return Checked(
        mistakes=(),
        runbook=in_words(definition) if isinstance(definition, RunbookDefinition) else None,
        workflow=drawn(definition) if isinstance(definition, WorkflowDefinition) else None,
        tests=play_on_demand(definition, WHILE_TYPING) if isinstance(definition, RunbookDefinition) else None,
        changes=_changes(resource, definition, before) if before is not None else None,
    )


def _changes(
    resource: DefinitionResource[Row], definition: AnyDefinition, before: Labelled
) -> list[DiffLine]:
    after = resource.kind.content_of(definition.document())
    return diff_lines(difference(before, Labelled("new", after)))
