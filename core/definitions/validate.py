"""Validation of documents: finds every problem, with file:line:column, before anything runs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from core.definitions.cel.expressions import TooMuchWork, at_most
from core.definitions.checks.approvals import check_gates
from core.definitions.checks.cases import check_cases, check_schema
from core.definitions.checks.forms import check_fields
from core.definitions.checks.inputs import check_inputs
from core.definitions.checks.recursion import check_recursion
from core.definitions.checks.references import check_channels, check_names, check_references
from core.definitions.checks.scopes import check_runbook, check_workflow
from core.definitions.checks.secrets import NOTHING_KNOWN, Known, check_secrets
from core.definitions.documents import MOST_PROBLEMS, OF_FILES, Bounds, Document, place_of
from core.definitions.kinds import KINDS, AnyDefinition, Read
from core.definitions.problems import Problem, suggest
from core.definitions.pydantic_problems import described, problems_of
from core.definitions.runbook import RunbookDefinition, check_lock
from core.definitions.sources import load_documents
from core.definitions.stored import StoredDefinitionInvalid
from core.definitions.workflow import WorkflowDefinition
from core.errors import DefinitionError

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
Validated = tuple[list[AnyDefinition], list[Problem]]


Loaded = tuple[list[Document], list[Problem]]


def validate_text(
    text: str, file: str, *, known: Known = NOTHING_KNOWN, bounds: Bounds = OF_FILES
) -> Validated:
    """Return the valid definitions of a YAML or JSON text, and the Problems found.

    Apply the definitions only if there is no Problem. `known`: what already exists; a reference to anything else
    outside the text is a Problem. `bounds`: a larger text gives one Problem and is not examined further.
    """
    return validate_loaded(load_text(text, file, bounds), known=known, bounds=bounds)


def load_text(text: str, file: str, bounds: Bounds = OF_FILES) -> Loaded:
    """Parse a text without checking its contents; the first half of `validate_text`."""
    return _loaded(text, file, bounds)


def load_data(data: Mapping[str, object], file: str, bounds: Bounds = OF_FILES) -> Loaded:
    """Parse one document received as JSON, whose size has already been checked."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return _loaded(text, file, replace(bounds, size=len(text) * 4))


def validate_loaded(loaded: Loaded, *, known: Known = NOTHING_KNOWN, bounds: Bounds = OF_FILES) -> Validated:
    """Validate parsed documents; the second half of `validate_text`."""
    return _validated([loaded], known, bounds)


def validate_data(
    data: Mapping[str, object],
    file: str = "request",
    *,
    known: Known = NOTHING_KNOWN,
) -> Validated:
    """Validate one document received as JSON; `Problem.field` is the dotted path of the field."""
    return validate_loaded(load_data(data, file), known=known)


def validate_files(paths: Iterable[Path], *, known: Known = NOTHING_KNOWN) -> Validated:
    """Validate files, and all .yaml, .yml and .json files in folders, as one set of documents."""
    return _validated([_loaded_file(path) for path in _files(paths)], known)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (item for item in path.rglob("*") if item.suffix in SUFFIXES and item.is_file())
            yield from sorted(inside)
        else:
            yield path


def _loaded_file(path: Path) -> Loaded:
    try:
        with path.open("rb") as file:
            raw = file.read(OF_FILES.size + 1)
        return _loaded(raw.decode(), str(path))
    except OSError as error:
        return [], [Problem(str(path), 1, 1, f"The file cannot be read: {error.strerror or error}.")]
    except UnicodeDecodeError as error:
        place = place_of(raw[: error.start].decode(), error.start)
        return [], [Problem(str(path), *place, "The file is not UTF-8 text.", "Save it as UTF-8.")]


def _loaded(text: str, file: str, bounds: Bounds = OF_FILES) -> Loaded:
    try:
        return load_documents(text, file=file, bounds=bounds), []
    except DefinitionError as error:
        return [], [problem for problem in error.problems if isinstance(problem, Problem)]


def _validated(loaded: Iterable[Loaded], known: Known, bounds: Bounds = OF_FILES) -> Validated:
    documents, problems, reads = list[Document](), list[Problem](), list[Read]()
    for found, wrong in loaded:
        documents += found
        problems += wrong
    with at_most(bounds.work):
        for document in documents:
            definition, wrong = _read(document)
            problems += wrong
            if definition:
                reads.append(Read(definition, document))
    problems += [*check_names(documents), *check_references(reads, known.runbooks), *check_gates(reads)]
    problems += check_recursion(reads)
    problems += [*check_channels(reads, known.channels), *check_secrets(reads, known.secrets)]
    # A mistake in a value that has aliases is found at each of them, and told once.
    return [read.definition for read in reads], sorted(dict.fromkeys(problems), key=_order)


def _order(problem: Problem) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column


def _read(document: Document) -> tuple[AnyDefinition | None, list[Problem]]:
    kind = document.data.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return None, [_unknown_kind(document)]
    definition, problems = None, list[Problem]()
    try:
        definition = model.model_validate(document.data)
    except ValidationError as error:
        problems = problems_of(error, model, document)
    problems += _checked(document, str(kind), problems)
    return (None if problems else definition), problems


def _checked(document: Document, kind: str, found: list[Problem]) -> list[Problem]:
    checks = {
        "runbook": (check_schema, check_fields, check_inputs, check_runbook, check_lock, check_cases),
        "workflow": (check_workflow,),
    }.get(kind, ())
    # One Problem per place: a value that is not text need not also be reported as not being an expression.
    places = {(problem.line, problem.column) for problem in found}
    problems = (problem for check in checks for problem in check(document))
    reported = (problem for problem in problems if (problem.line, problem.column) not in places)
    try:
        return list(islice(reported, MOST_PROBLEMS))
    except TooMuchWork as error:
        return [document.problem((), error.message, error.hint)]


def _unknown_kind(document: Document) -> Problem:
    if "kind" not in document.data:
        return document.problem((), "The field kind is missing.", f"Add kind: {', '.join(KINDS)}.")
    kind = document.data["kind"]
    hint = suggest(str(kind), KINDS, plural="Kinds")
    return document.problem(("kind",), f"There is no document kind {described(kind)}.", hint)


def still_valid(
    name: str, version: int, document: Mapping[str, object]
) -> RunbookDefinition | WorkflowDefinition:
    """Return the definition of a stored document, validated again. Raises StoredDefinitionInvalid if it fails."""
    definitions, problems = validate_data(document)
    for problem in problems:
        raise StoredDefinitionInvalid(name, version, problem)
    [definition] = definitions
    assert isinstance(definition, RunbookDefinition | WorkflowDefinition)
    return definition
