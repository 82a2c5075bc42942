"""Checks whether approval gates can be passed by the members of the teams in the same documents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.definitions.documents import Path
from core.definitions.kinds import Read
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import placed_steps
from core.definitions.team import TeamDefinition


@dataclass(frozen=True)
class _Gate:
    """A step of type `approval`, as written. `team`: the team whose members decide; None if only `people` do."""

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
    """Yield a Problem for each gate that the people in these documents could never pass.

    Only the teams in the documents are known; a gate of any other team is not checked.
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
    # Read from the document instead of the model, since validation must not depend on the steps that act.
    for path, step in placed_steps(runbook.steps, ("steps",)):
        if step.type != "approval":
            continue
        written = read.document.at(path)
        assert isinstance(written, dict), "already validated"
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
        people = "1 person qualifies" if may_decide == 1 else f"{may_decide} people qualify"
        message = f"count is {gate.count}, but only {people}: {who}{besides}."
        yield gate.problem(message, "Add members to the team, name people, or lower count.")


def _check_people(gate: _Gate, owner: TeamDefinition) -> Iterator[Problem]:
    """Check a gate of named people: members of the owning team run it, and nobody may decide their own request."""
    members = [each.slack for each in owner.members]
    if members and all(len(gate.people - {requester}) < gate.count for requester in members):
        yield gate.problem(
            f"Whichever member of team {owner.name} requests the run, too few of the named people remain to decide: "
            "nobody may decide on their own request.",
            "Name more people, or set allow_requester: true.",
        )
