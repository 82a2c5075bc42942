"""Checks that the secrets which documents use are declared for them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel

from core.definitions.actions import action_types
from core.definitions.checks.references import Channels
from core.definitions.checks.walking import Part, in_order
from core.definitions.choices import KEYWORD, written_choices
from core.definitions.documents import Document, Path
from core.definitions.fields import TemplateField, marked_values
from core.definitions.kinds import Read
from core.definitions.problems import Problem
from core.definitions.runbook import STEP_LISTS, RunbookDefinition
from core.definitions.secret import SecretDefinition, SecretUse, check_use
from core.definitions.secrets import whole_secret
from core.definitions.steps import step_types
from core.definitions.templates import placeholders, texts
from core.definitions.workflow import WorkflowDefinition
from core.errors import RunbookError

Declared = Mapping[str, SecretDefinition]


def check_secrets(reads: list[Read], known: Declared | None) -> Iterator[Problem]:
    """Yield the uses of secrets that are not allowed.

    `known`: secrets declared outside the documents. None: unknown; then nothing is reported unless the documents
    declare secrets themselves.
    """
    here = {
        read.definition.name: read.definition
        for read in reads
        if isinstance(read.definition, SecretDefinition)
    }
    if known is None and not here:
        return
    declared = {**(known or {}), **here}
    for read in reads:
        if isinstance(read.definition, RunbookDefinition | WorkflowDefinition):
            yield from _check(read.definition.team, read.document, declared)


def _check(team: str | None, document: Document, declared: Declared) -> Iterator[Problem]:
    for path, part, use in _uses(team, document):
        for place, text, name, start in _secrets(path, part, _model(document, part)):
            try:
                check_use(name, declared.get(name), use, _hosts(part))
            except RunbookError as error:
                yield document.problem_in(place, text[start:].split("\n")[0], 0, error.message, error.hint)


def uses_of(team: str | None, document: Document) -> Iterator[tuple[str, SecretUse, tuple[str, ...]]]:
    """Yield each use of a secret in a valid runbook or workflow: its name, the user, and the host called, if known."""
    for path, part, use in _uses(team, document):
        for _, _, name, _ in _secrets(path, part, _model(document, part)):
            yield name, use, _hosts(part)


def _uses(team: str | None, document: Document) -> Iterator[tuple[Path, Part, SecretUse]]:
    keys, models = _parts(document)
    for key in keys:
        for path, part in in_order(document.data.get(key), (key,), models):
            model = models[str(part["type"])]
            keeps = getattr(model, "keeps_secrets_to_hosts", False)
            yield path, part, SecretUse(team, str(part["type"]), keeps)
    yield from _of_choices(team, document)


def _of_choices(team: str | None, document: Document) -> Iterator[tuple[Path, Part, SecretUse]]:
    """Yield the requests that fetch the choices of parameters, which are those of a step of their type."""
    schema = document.data.get("parameters")
    for name, written in written_choices(schema) if isinstance(schema, Mapping) else ():
        if isinstance(written, Mapping):
            part = {**written, "type": written["step"]}
            use = SecretUse(team, str(written["step"]), keeps_to_hosts=True)
            yield ("parameters", "properties", name, KEYWORD), part, use


def _parts(document: Document) -> tuple[tuple[str, ...], Mapping[str, type[BaseModel]]]:
    return (
        (("actions",), action_types()) if document.data["kind"] == "workflow" else (STEP_LISTS, step_types())
    )


def _model(document: Document, part: Part) -> type[BaseModel]:
    return _parts(document)[1][str(part["type"])]


def _secrets(path: Path, part: Part, model: type[BaseModel]) -> Iterator[tuple[Path, str, str, int]]:
    """Yield the uses of secrets in a part: the path and the text, the secret's name, and the position in the text."""
    for marked in marked_values(model, part, path):
        if isinstance(marked.mark, TemplateField):
            for place, text in texts(marked.value, marked.path):
                for placeholder in placeholders(text):
                    name = whole_secret(placeholder.source)
                    if name is not None:
                        yield place, text, name, placeholder.start


def _hosts(part: Part) -> tuple[str, ...]:
    """Return the host that the part calls, if it is written out; used to suggest a declaration."""
    url = part.get("url") or part.get("site") or part.get("endpoint")
    if not isinstance(url, str):
        return ()
    try:
        host = urlsplit(url.partition("{{")[0]).netloc.rpartition("@")[2]
    except ValueError:
        return ()
    return (host,) if host and url.partition("{{")[0].count("/") > 2 - ("{{" not in url) else ()


@dataclass(frozen=True)
class Known:
    """What exists outside the documents: `runbooks` by name, declared `channels` by team, declared `secrets` by name.

    None: unknown, so anything is accepted.
    """

    runbooks: Iterable[str] | None = None
    channels: Channels | None = None
    secrets: Declared | None = None


NOTHING_KNOWN = Known()
