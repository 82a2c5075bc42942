"""Checks of documents against each other: duplicate names, runbooks that workflows start, and message channels."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import reduce
from typing import Any

from core.definitions.documents import Document, Path
from core.definitions.kinds import AnyDefinition, Read
from core.definitions.parameters import check_parameters, declared
from core.definitions.problems import Problem, suggest
from core.definitions.runbook import RunbookDefinition
from core.definitions.secret import SecretDefinition
from core.definitions.team import TeamDefinition
from core.definitions.templates import is_template, texts
from core.definitions.workflow import Schedule, WorkflowDefinition
from core.errors import InvalidInput


def check_names(documents: Iterable[Document]) -> Iterator[Problem]:
    """Yield a Problem for each name that an earlier document of the same kind already has."""
    seen: dict[tuple[object, str], Document] = {}
    for document in documents:
        kind, name = document.data.get("kind"), document.data.get("name")
        if not (isinstance(kind, str) and isinstance(name, str)):
            continue
        first = seen.setdefault((kind, name), document)
        if first is not document:
            where = f"{first.file}:{first.position(('name',))[0]}"
            yield document.problem(("name",), f"There is already a {kind} {name} in {where}.", "Rename one.")


def check_references(reads: Iterable[Read], known_runbooks: Iterable[str] | None) -> Iterator[Problem]:
    """Yield what is wrong with the runbooks that workflows start, and that the steps of runbooks run.

    An unknown name is only a Problem if `known_runbooks` lists the runbooks outside the documents. What a template
    names is only known when it runs; of such an action, only the names in its `only` are checked.
    """
    reads = list(reads)
    here = {
        read.definition.name: read.definition
        for read in reads
        if isinstance(read.definition, RunbookDefinition)
    }
    known = None if known_runbooks is None else {*known_runbooks, *here}
    for start in (start for read in reads for start in _starts(read)):
        for path, name in start.named:
            yield from _check_name(start, path, name, known)
            if name in here:
                yield from _check_team(start, path, here[name])
        if start.runbook in here:
            yield from _check_parameters(start, here[start.runbook])


@dataclass(frozen=True)
class _Start:
    """An action or a step of type `runbook`: the runbook that it starts, and the parameters.

    `team`: of the workflow or runbook that starts it. `only`: what a template in place of the name may name.
    """

    team: str | None
    document: Document
    path: Path
    runbook: str
    only: tuple[str, ...]
    parameters: Mapping[str, object]

    @property
    def named(self) -> Iterator[tuple[Path, str]]:
        """The names that are written out, with their places."""
        if not is_template(self.runbook):
            yield (*self.path, "runbook"), self.runbook
        for index, pattern in enumerate(self.only):
            if not pattern.endswith("*"):
                yield (*self.path, "only", index), pattern


def _starts(read: Read) -> Iterator[_Start]:
    for path, part in _parts(read):
        if part["type"] == "runbook" and part.get("runbook") is not None:
            parameters, only = part.get("parameters", {}), tuple(part.get("only") or ())
            team = getattr(read.definition, "team", None)
            yield _Start(team, read.document, path, part["runbook"], only, parameters)


def _parts(read: Read) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the actions or steps with their paths, nested ones included.

    They are read from the document instead of the model: validation must not depend on the types that act.
    """
    definition = read.definition
    paths: list[Path] = []
    if isinstance(definition, WorkflowDefinition):
        paths = [placed.path for placed in definition.placed]
    elif isinstance(definition, RunbookDefinition):
        paths = [path for path, _ in definition.placed_steps()]
    for path in paths:
        part = read.document.at(path)
        assert isinstance(part, dict), "already validated"
        yield path, part


def _check_name(start: _Start, path: Path, name: str, known: set[str] | None) -> Iterator[Problem]:
    if known is not None and name not in known:
        hint = suggest(name, known, plural="Runbooks")
        yield start.document.problem(path, f"There is no runbook {name}.", hint)


def _check_team(start: _Start, path: Path, runbook: RunbookDefinition) -> Iterator[Problem]:
    team = start.team
    if team and runbook.team and team != runbook.team:
        message = f"{runbook.name} belongs to team {runbook.team}, so it cannot run for incidents of {team}."
        yield start.document.problem(path, message, "Make the runbook global, or give both the same team.")


def _check_parameters(start: _Start, runbook: RunbookDefinition) -> Iterator[Problem]:
    try:
        check_parameters(runbook.parameters, start.parameters)
    except InvalidInput as error:
        problems = error.problems
    else:
        return
    for problem in problems:
        name = str(getattr(problem, "field", "")).split(".")[0]
        # The value of a template is only known when the workflow runs.
        if not any(is_template(text) for _, text in texts(start.parameters.get(name))):
            path, is_unknown = (
                (*start.path, "parameters", name),
                name not in declared(runbook.parameters),
            )
            yield start.document.problem(
                path, f"{runbook.name}: {problem.message}", problem.hint, key=is_unknown
            )


Channels = Mapping[str, Set[str]]
CHANNELS_AT: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "message": (("channel",),),
    "approval": (("notify", "channel"), ("escalate_to", "channel")),
}
UNDECLARED_OF_SCHEDULE = (
    "Remove it, so that each occurrence gets its own channel, or declare it in the team's channels."
)
UNDECLARED = "Remove it to post only to the incident's channel, or declare it in the team's channels."


def check_channels(reads: Iterable[Read], known: Channels | None) -> Iterator[Problem]:
    """Yield the messages and schedules with a channel that their team does not declare, as far as that is known.

    `known`: the declared channels by team; declarations in the documents take precedence. Without either, and for a
    channel that comes from an expression, this is only known when the message is sent.
    """
    reads = list(reads)
    declared = dict(known or {})
    for team in (read.definition for read in reads if isinstance(read.definition, TeamDefinition)):
        if team.channels is not None:
            declared[team.name] = team.channels
    for read in reads:
        allowed = _channels_of(read.definition, declared, is_complete=known is not None)
        for path, channel in _channels(read):
            if allowed is not None and channel not in allowed:
                message = f"{channel} is not a channel that {_owner(read.definition)} declares."
                yield read.document.problem(path, message, UNDECLARED)
        yield from _check_scheduled(read, declared, is_complete=known is not None)


def _check_scheduled(read: Read, declared: Channels, *, is_complete: bool) -> Iterator[Problem]:
    """Yield the channel of a schedule's incident, unless its team declares it."""
    workflow = read.definition
    if not isinstance(workflow, WorkflowDefinition) or not isinstance(workflow.trigger, Schedule):
        return
    planned = workflow.trigger.incident
    team = planned.team or workflow.team or ""
    allowed = declared.get(team, frozenset() if is_complete else None)
    if planned.slack_channel is not None and allowed is not None and planned.slack_channel not in allowed:
        message = f"{planned.slack_channel} is not a channel that team {team} declares."
        path = ("trigger", "incident", "slack_channel")
        yield read.document.problem(path, message, UNDECLARED_OF_SCHEDULE)


def _channels_of(definition: AnyDefinition, declared: Channels, *, is_complete: bool) -> Set[str] | None:
    """Return the allowed channels; None if unknown. A global definition may post wherever any team may."""
    if isinstance(definition, TeamDefinition | SecretDefinition):
        return None
    if definition.team is not None:
        return declared.get(definition.team, frozenset() if is_complete else None)
    return frozenset[str]().union(*declared.values()) if is_complete else None


def _owner(definition: AnyDefinition) -> str:
    team = getattr(definition, "team", None)
    return f"team {team}" if team else "any team"


def _channels(read: Read) -> Iterator[tuple[Path, str]]:
    """Yield the channels of messages and of approvals that are written out."""
    for path, part in _parts(read):
        for inside in CHANNELS_AT.get(part["type"], ()):
            channel: object = reduce(lambda found, key: found.get(key) or {}, inside, part)
            if isinstance(channel, str) and "{{" not in channel:
                yield (*path, *inside), channel
