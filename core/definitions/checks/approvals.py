"""Checking approval gates against the teams in the same documents: whether anybody is left who may decide."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.definitions.documents import Path
from core.definitions.kinds import Read
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.team import TeamDefinition


@dataclass(frozen=True)
class _Gate:
    """A step `approval`, as it is written. `team`: whose members decide; None where only `people` do."""

    read: Read
    path: Path
    team: str | None
    role: str
    people: frozenset[str]
    count: int
    allow_requester: bool

    def problem(self, message: str, hint: str) -> Problem:
        return self.read.document.problem((*self.path, "approvers", "count"), message, hint)


def check_gates(reads: Iterable[Read]) -> Iterator[Problem]:
    """Answer a Problem for each gate that none of the people in these documents could pass.

    Only the teams in the documents themselves are known; where a gate's team is not among them nothing is said.
    """
    reads = list(reads)
    teams = {
        read.definition.name: read.definition for read in reads if isinstance(read.definition, TeamDefinition)
    }
    for read in reads:
        if isinstance(read.definition, RunbookDefinition):
            for gate in _gates(read, read.definition):
                yield from _check_gate(gate, read.definition.team, teams)


def _gates(read: Read, runbook: RunbookDefinition) -> Iterator[_Gate]:
    # Read off the document, not the model: the steps know how to act, and this knows nothing of that.
    for number, step in enumerate(runbook.steps):
        if step.type != "approval":
            continue
        path: Path = ("steps", number)
        written = read.document.at(path)
        assert isinstance(written, dict), "it has been validated"
        named = written.get("approvers") or {}
        only_people = bool(named.get("people")) and not (named.get("team") or named.get("role"))
        yield _Gate(
            read,
            path,
            team=None if only_people else named.get("team") or runbook.team,
            role=named.get("role") or "responder",
            people=frozenset(named.get("people") or ()),
            count=named.get("count", 1),
            allow_requester=written.get("allow_requester", False),
        )


def _check_gate(gate: _Gate, owner: str | None, teams: Mapping[str, TeamDefinition]) -> Iterator[Problem]:
    if gate.team is not None:
        if gate.team in teams:
            yield from _check_team(gate, teams[gate.team])
    elif gate.people and owner is not None and owner in teams and not gate.allow_requester:
        yield from _check_people(gate, teams[owner])


def _check_team(gate: _Gate, team: TeamDefinition) -> Iterator[Problem]:
    holders = {each.slack for each in team.members if gate.role == "responder" or each.role == "admin"}
    may_decide = len(holders | gate.people)
    if may_decide < gate.count:
        who = f"the {'admins' if gate.role == 'admin' else 'members'} of team {team.name}"
        besides = " and the people named" if gate.people else ""
        message = f"count is {gate.count}, but {who}{besides} are only {may_decide}."
        yield gate.problem(message, "Add members to the team, name people, or lower count.")


def _check_people(gate: _Gate, owner: TeamDefinition) -> Iterator[Problem]:
    """Who may run it are the members of its team, and nobody decides what they asked for."""
    members = [each.slack for each in owner.members]
    if members and all(len(gate.people - {requester}) < gate.count for requester in members):
        yield gate.problem(
            f"Whoever of team {owner.name} asks for the run, too few of the people named are left to decide: "
            "nobody decides what they asked for.",
            "Name more people, or set allow_requester: true.",
        )
