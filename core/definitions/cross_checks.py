"""Checking documents against each other: names used twice, runbooks that workflows start."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.actions.runbook import RunbookAction
from core.definitions.kinds import AnyDefinition
from core.definitions.parameters import check_parameters, declared
from core.definitions.problems import Problem, suggest
from core.definitions.runbook import RunbookDefinition
from core.definitions.sources import Document
from core.definitions.templates import texts
from core.definitions.workflow import WorkflowDefinition
from core.errors import InvalidInput


@dataclass(frozen=True)
class Read:
    """A valid definition and the document it was read from."""

    definition: AnyDefinition
    document: Document


def check_names(documents: Iterable[Document]) -> Iterator[Problem]:
    """Answer a Problem for each name that an earlier document of the same kind has too."""
    seen: dict[tuple[object, str], Document] = {}
    for document in documents:
        kind, name = document.data.get("kind"), document.data.get("name")
        if not (isinstance(kind, str) and isinstance(name, str)):
            continue
        first = seen.setdefault((kind, name), document)
        if first is not document:
            where = f"{first.file}:{first.position(('name',))[0]}"
            yield document.problem(("name",), f"There is already a {kind} {name}, in {where}.", "Rename one.")


def check_references(reads: Iterable[Read], known_runbooks: Iterable[str] | None) -> Iterator[Problem]:
    """Answer what is wrong with the runbooks that workflows start.

    An unknown name is only a Problem where `known_runbooks` tells which there are besides the documents themselves.
    """
    reads = list(reads)
    here = {
        read.definition.name: read.definition
        for read in reads
        if isinstance(read.definition, RunbookDefinition)
    }
    known = None if known_runbooks is None else {*known_runbooks, *here}
    for read in reads:
        if isinstance(read.definition, WorkflowDefinition):
            yield from _check_workflow(read.definition, read.document, here, known)


def _check_workflow(
    workflow: WorkflowDefinition,
    document: Document,
    here: Mapping[str, RunbookDefinition],
    known: set[str] | None,
) -> Iterator[Problem]:
    for index, action in enumerate(workflow.actions):
        if not isinstance(action, RunbookAction):
            continue
        path = ("actions", index, "runbook")
        if known is not None and action.runbook not in known:
            hint = suggest(action.runbook, known, plural="Runbooks")
            yield document.problem(path, f"There is no runbook {action.runbook}.", hint)
        runbook = here.get(action.runbook)
        if runbook:
            yield from _check_start(workflow, action, runbook, document, index)


def _check_start(
    workflow: WorkflowDefinition,
    action: RunbookAction,
    runbook: RunbookDefinition,
    document: Document,
    index: int,
) -> Iterator[Problem]:
    if workflow.team and runbook.team and workflow.team != runbook.team:
        yield document.problem(
            ("actions", index, "runbook"),
            f"{runbook.name} belongs to the team {runbook.team}: it never runs for incidents of {workflow.team}.",
            "Make the runbook global, or give both the same team.",
        )
    path = ("actions", index, "parameters")
    try:
        check_parameters(runbook.parameters, action.parameters)
    except InvalidInput as error:
        for problem in error.problems:
            name = str(getattr(problem, "field", "")).split(".")[0]
            # What a template brings is only known when the workflow runs.
            if not any("{{" in text for _, text in texts(action.parameters.get(name))):
                is_key = name in action.parameters and name not in declared(runbook.parameters)
                yield document.problem(
                    (*path, name), f"{runbook.name}: {problem.message}", problem.hint, key=is_key
                )
