"""Suggests declarations for the secrets that the library uses, and finds definitions that use secrets wrongly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from core.definitions.checks.secrets import uses_of
from core.definitions.documents import Document
from core.definitions.secret import SecretUse
from core.definitions.secrets import MISUSED
from core.definitions.validate import validate_data
from core.services.access.secrets import declared_secrets
from core.tables import JsonObject, Runbook, Workflow
from core.unit_of_work import UnitOfWork

UNKNOWN_HOST = "HOST"


@dataclass
class _Wanted:
    """All uses of one secret."""

    teams: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    goes_elsewhere: bool = False
    calls: bool = False

    def add(self, use: SecretUse, hosts: tuple[str, ...]) -> None:
        self.teams |= {use.team} if use.team is not None else set()
        self.hosts |= set(hosts)
        self.types.add(use.type)
        self.calls = self.calls or use.keeps_to_hosts
        self.goes_elsewhere = self.goes_elsewhere or not use.keeps_to_hosts


def suggested_secrets(work: UnitOfWork, hosts: Mapping[str, str]) -> list[JsonObject]:
    """Return suggested declarations of the secrets that the library uses and that are not declared, sorted by name.

    `hosts`: the host by secret name, for secrets whose value is a URL. If a secret is sent to an unknown host, the
    suggestion has `HOST`, to be filled in.
    """
    wanted: dict[str, _Wanted] = {}
    for _, document in _library(work):
        for name, use, called in uses_of(_team(document), document):
            wanted.setdefault(name, _Wanted()).add(use, called)
    declared = declared_secrets(work.session)
    return [_declaration(name, wanted[name], hosts) for name in sorted(wanted.keys() - declared.keys())]


def misused_secrets(work: UnitOfWork) -> list[str]:
    """Return a sentence for each place where a definition uses a secret in a way that is not allowed, so it fails."""
    return [
        f"{label}, at {problem.field}: {problem.message}"
        for label, document in _library(work)
        for problem in validate_data(document.data)[1]
        if problem.message == MISUSED
    ]


def _library(work: UnitOfWork) -> Iterator[tuple[str, Document]]:
    for table in (Runbook, Workflow):
        query = select(table.name, table.definition).where(table.deleted_at.is_(None)).order_by(table.name)
        for name, definition in work.session.execute(query):
            document = Document(dict(definition), name, text="", places={(): (1, 1)}, key_places={}, spans={})
            yield f"{table.__name__} {name}", document


def _team(document: Document) -> str | None:
    team = document.data.get("team")
    return team if isinstance(team, str) else None


def _declaration(name: str, wanted: _Wanted, hosts: Mapping[str, str]) -> JsonObject:
    known = wanted.hosts | ({hosts[name]} if name in hosts else set())
    document: JsonObject = {"kind": "secret", "name": name, "source": {"env": f"RUNBOOK_SECRET_{name}"}}
    if wanted.teams:
        document["teams"] = sorted(wanted.teams)
    if wanted.calls:
        document["hosts"] = sorted(known) or [UNKNOWN_HOST]
    if wanted.goes_elsewhere:
        document["types"] = sorted(wanted.types)
    return document
