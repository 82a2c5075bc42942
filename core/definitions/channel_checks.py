"""Checking where the messages of definitions go: to the incident's channel, or to one that their team declares."""

from collections.abc import Iterable, Iterator, Mapping, Set

from core.definitions.cross_checks import Read
from core.definitions.documents import Path
from core.definitions.kinds import AnyDefinition
from core.definitions.problems import Problem
from core.definitions.secret import SecretDefinition
from core.definitions.team import TeamDefinition
from core.definitions.workflow import WorkflowDefinition

Channels = Mapping[str, Set[str]]
UNDECLARED = "Leave it out, and the message goes to the incident's channel; or let the team declare it."


def check_channels(reads: Iterable[Read], known: Channels | None) -> Iterator[Problem]:
    """Answer which messages go to a channel that is none of their team's, as far as that is known.

    `known`: the declared channels, by team. What the documents declare themselves goes before it; without either, and
    where a channel is brought by a value, it is only known when the message is sent.
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
                message = f"{channel} is no channel that {_whose(read.definition)} declares."
                yield read.document.problem(path, message, UNDECLARED)


def _channels_of(definition: AnyDefinition, declared: Channels, *, is_complete: bool) -> Set[str] | None:
    """None: nobody knows. What is global may post wherever some team may."""
    if isinstance(definition, TeamDefinition | SecretDefinition):
        return None
    if definition.team is not None:
        return declared.get(definition.team, frozenset() if is_complete else None)
    return frozenset[str]().union(*declared.values()) if is_complete else None


def _whose(definition: AnyDefinition) -> str:
    team = getattr(definition, "team", None)
    return f"team {team}" if team else "any team"


def _channels(read: Read) -> Iterator[tuple[Path, str]]:
    """The channels of messages, as far as they are written out; read off the document, as `_starts` does."""
    definition = read.definition
    if isinstance(definition, WorkflowDefinition):
        paths: list[Path] = [placed.path for placed in definition.placed]
    else:
        paths = [("steps", index) for index in range(len(getattr(definition, "steps", ())))]
    for path in paths:
        part = read.document.at(path)
        channel = part.get("channel") if isinstance(part, dict) and part["type"] == "message" else None
        if isinstance(channel, str) and "{{" not in channel:
            yield (*path, "channel"), channel
