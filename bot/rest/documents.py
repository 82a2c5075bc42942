"""Definitions in requests and responses, as JSON or YAML."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn, TypeVar, get_args

from fastapi import Depends, Header, Query
from pydantic import WithJsonSchema
from starlette.requests import Request

from bot.rest.problem import Refusal
from core.definitions.checks.secrets import Known
from core.definitions.documents import OF_REQUESTS
from core.definitions.json_text import read_json
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.secret import SecretDefinition
from core.definitions.validate import Loaded, load_data, load_text, validate_loaded
from core.definitions.workflow import WorkflowDefinition
from core.error_codes import ErrorCode
from core.errors import DefinitionError, InvalidInput

YAML = "application/yaml"  # RFC 9512
YAML_TYPES = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})
JSON_TYPES = frozenset({"application/json", ""})
# For the OpenAPI document: an omitted header is not null.
IF_MATCH = {"type": "string", "pattern": r'^(\*|[0-9]{1,9}|"[0-9]{1,9}")$', "examples": ['"3"']}
VERSION = re.compile(r'(?P<quote>"?)([0-9]{1,9})(?P=quote)')
SHOWN = 60

Kind = TypeVar("Kind", RunbookDefinition, WorkflowDefinition, SecretDefinition)

# For the OpenAPI document: the body is read here, and not by FastAPI.
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A definition, as in a file. `kind` may be omitted in JSON.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            YAML: {"schema": {"type": "object"}},
        },
    }
}
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With YAML: the definition alone.",
        "content": {YAML: {"schema": {"type": "object"}}},
    }
}


@dataclass(frozen=True)
class DocumentBody:
    """A definition as it was sent, not parsed yet."""

    raw: bytes
    is_yaml: bool

    def read(
        self,
        kind: type[Kind],
        may_write: Callable[[str | None], None],
        known: Known,
    ) -> Kind:
        """Parse and validate the definition.

        `may_write` is called with the team's name in the body (None: global) before anything else is validated.
        Raises what that raises, DefinitionError with all problems, each with its field, and InvalidInput for a
        definition of another kind.
        """
        [noun] = get_args(kind.model_fields["kind"].annotation)
        loaded = self._load_yaml() if self.is_yaml else self._load_json(noun)
        for document in loaded[0]:
            team = document.data.get("team")
            if team is None or isinstance(team, str):
                may_write(team)
        definitions, problems = validate_loaded(loaded, known=known, bounds=OF_REQUESTS)
        if problems:
            shown = [problem if self.is_yaml else _WithoutPlace(problem) for problem in problems]
            raise DefinitionError(problems=shown)
        [definition, *more] = definitions
        if more:
            _refuse("Send one document; the body has several.")
        if not isinstance(definition, kind):
            _refuse_kind(noun, definition.kind)
        return definition

    def _load_yaml(self) -> Loaded:
        try:
            text = self.raw.decode()
        except UnicodeDecodeError:
            _refuse("The body is not UTF-8 text.")
        return load_text(text, "body", OF_REQUESTS)

    def _load_json(self, noun: str) -> Loaded:
        if len(self.raw) > OF_REQUESTS.size:
            _refuse(f"The body is larger than {OF_REQUESTS.size} bytes.")
        try:
            data = read_json(self.raw)
        except ValueError as error:
            _refuse(f"The body is not JSON: {str(error)[:SHOWN]}.")
        if not isinstance(data, dict):
            _refuse("The body must be a JSON object: a definition.")
        if data.get("kind", noun) != noun:
            _refuse_kind(noun, data["kind"])
        return load_data({"kind": noun} | data, "request", OF_REQUESTS)


@dataclass(frozen=True)
class _WithoutPlace:
    """A problem without line and column, for a JSON body."""

    problem: Problem

    @property
    def message(self) -> str:
        return self.problem.message

    @property
    def hint(self) -> str | None:
        return self.problem.hint

    @property
    def field(self) -> str:
        return self.problem.field

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


def _refuse_kind(wanted: str, found: object) -> NoReturn:
    raise InvalidInput(f"A {wanted} is expected here, not a {str(found)[:SHOWN]}.", field="kind")


def _refuse(sentence: str) -> NoReturn:
    raise InvalidInput(sentence, field="body")


async def read_document(request: Request) -> DocumentBody:
    """Read the body. Raises 415 if it is neither JSON nor YAML. Async, because reading the body is."""
    media_type = _media_type(request.headers.get("Content-Type", ""))
    if media_type not in YAML_TYPES | JSON_TYPES:
        sentence = f"Send it as application/json or {YAML}, not as {media_type[:SHOWN]}."
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, sentence)
    return DocumentBody(await request.body(), media_type in YAML_TYPES)


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


SentDocument = Annotated[DocumentBody, Depends(read_document)]

Note = Annotated[
    str, Query(max_length=2000, pattern=r"^[^\x00]*$", description="The reason, for the history.")
]


def read_version(
    if_match: Annotated[
        str | None,
        WithJsonSchema(IF_MATCH),
        Header(
            alias="If-Match",
            description='The version that you read, such as `"3"`. Refused if it is not the current one.',
        ),
    ] = None,
) -> int | None:
    """Return the version that the caller read, which is the `ETag` of a definition. Raises InvalidInput."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = VERSION.fullmatch(if_match.strip())
    if found is None:
        raise InvalidInput(
            "If-Match is not a version.", hint='Send it like this: If-Match: "3".', field="If-Match"
        )
    return int(found[2])


ReadVersion = Annotated[int | None, Depends(read_version)]


def wants_yaml(
    request: Request,
    format_: Annotated[
        Literal["json", "yaml"] | None, Query(alias="format", description="Overrides `Accept`.")
    ] = None,
) -> bool:
    """Return True for `?format=yaml` or `Accept: application/yaml`: the definition alone, as YAML."""
    if format_ is not None:
        return format_ == "yaml"
    accepted = {_media_type(each) for each in request.headers.get("Accept", "").split(",")}
    return bool(accepted & YAML_TYPES) and "application/json" not in accepted


WantsYaml = Annotated[bool, Depends(wants_yaml)]
