"""What `/runbooks` and `/workflows` share: writing, showing, approving, rolling back and deleting definitions."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from bot.rest.answers import VersionPage
from bot.rest.bodies import Body, missing_is_invalid, version_in_header
from bot.rest.callers import Caller
from bot.rest.documents import YAML, DocumentBody
from bot.rest.idempotency import Post
from bot.rest.paging import PageRequest
from core.decisions.people import Person
from core.definitions.yaml_format import to_yaml
from core.errors import InvalidInput
from core.services.access.listing import Position
from core.services.library import writing
from core.services.library.approval import approve, deprecate
from core.services.library.finding import check_may_write, check_may_write_something, find, owner_of
from core.services.library.history import AnyVersion, list_history, roll_back, view_line
from core.services.library.kinds import DefinitionKind, Row
from core.services.library.writing import AnyDefinition, Intent
from core.unit_of_work import UnitOfWork

LINE = "ver_"  # turns a history line's number into an identifier, for cursors
LARGEST = 2**31 - 1  # PostgreSQL's largest integer


class Decision(Body):
    """`note`: the reason, for the history."""

    note: str = Field(default="", max_length=2000)


NO_NOTE = Decision()


class Rollback(Decision):
    """The version to roll back to."""

    version: int = Field(ge=1, le=LARGEST)


@dataclass(frozen=True)
class DefinitionResource(Generic[Row]):
    """The REST resource of one kind of definition.

    `answer` returns the response for a row; `read` parses the definition in a body. The permission to write is checked
    first, so that the bodies of people who lack it are not parsed.
    """

    kind: DefinitionKind[Row]
    answer: Callable[[UnitOfWork, Row], BaseModel]
    read: Callable[[UnitOfWork, Person, DocumentBody], AnyDefinition]

    def create(self, post: Post, body: DocumentBody, note: str) -> Response:
        def act(work: UnitOfWork) -> BaseModel:
            check_may_write_something(post.caller.person)
            definition = self.read(work, post.caller.person, body)
            row = writing.create(work, post.caller.person, self.kind, definition, Intent(note))
            return self.answer(work, row)

        return post.once(act, HTTPStatus.CREATED)

    def show(self, caller: Caller, reference: str, *, as_yaml: bool) -> Response:
        """Return the definition. Deleted ones are found by their id, because executions refer to them."""
        with caller.unit_of_work.begin() as work:
            row = find(work, caller.person, self.kind, reference, even_deleted=True)
            headers = _headers(row) | {"Vary": "Accept"}
            if as_yaml:
                return Response(to_yaml(row.definition), media_type=YAML, headers=headers)
            return JSONResponse(self.answer(work, row).model_dump(mode="json"), headers=headers)

    def change(self, caller: Caller, reference: str, body: DocumentBody, intent: Intent) -> Response:
        def act(work: UnitOfWork) -> Response:
            row = find(work, caller.person, self.kind, reference)
            check_may_write(caller.person, owner_of(row))
            definition = self.read(work, caller.person, body)
            writing.change(work, caller.person, self.kind, row, definition, intent)
            return JSONResponse(self.answer(work, row).model_dump(mode="json"), headers=_headers(row))

        return caller.unit_of_work.run(act)

    def delete(self, caller: Caller, reference: str, intent: Intent) -> None:
        def act(work: UnitOfWork) -> None:
            row = find(work, caller.person, self.kind, reference)
            writing.delete(work, caller.person, self.kind, row, intent)

        caller.unit_of_work.run(act)

    def roll_back(self, post: Post, reference: str, body: Rollback, read_version: int | None) -> Response:
        def done(work: UnitOfWork, row: Row) -> Row:
            with missing_is_invalid("version"):
                return roll_back(
                    work, post.caller.person, self.kind, row, body.version, Intent(body.note, read_version)
                )

        return self.act(post, reference, done)

    def approve(self, post: Post, reference: str, body: Decision, read_version: int | None) -> Response:
        """Approve the version that the request names, and no other."""
        caller, intent = post.caller, Intent(body.note, read_version)

        def decide(work: UnitOfWork, row: Row) -> Row:
            own = caller.settings.single_admin
            with version_in_header():
                return approve(work, caller.person, self.kind, row, intent, own_version_allowed=own)

        return self.act(post, reference, decide)

    def deprecate(self, post: Post, reference: str, body: Decision, read_version: int | None) -> Response:
        def decide(work: UnitOfWork, row: Row) -> Row:
            return deprecate(work, post.caller.person, self.kind, row, Intent(body.note, read_version))

        return self.act(post, reference, decide)

    def act(self, post: Post, reference: str, change: Callable[[UnitOfWork, Row], Row]) -> Response:
        """Apply `change` to one definition, and return the result."""

        def act(work: UnitOfWork) -> BaseModel:
            row = find(work, post.caller.person, self.kind, reference)
            return self.answer(work, change(work, row))

        return post.once(act)

    def versions(self, caller: Caller, reference: str, page: PageRequest) -> VersionPage:
        """List the history, newest first. Deleted definitions are found by their id."""
        with caller.unit_of_work.begin() as work:
            row = find(work, caller.person, self.kind, reference, even_deleted=True)
            size, before = page.limit + 1, line_of(page.after)
            found = page.cut(list_history(work, self.kind, row, size=size, before=before), position_of)
            return VersionPage(versions=list(map(view_line, found.rows)), next_cursor=found.next_cursor)


def _headers(row: Row) -> dict[str, str]:
    """Return the ETag (RFC 9110, section 8.8.3): the version, to which `If-Match` of a later change is compared."""
    return {"ETag": f'"{row.version}"'}


def position_of(line: AnyVersion) -> Position:
    return Position(line.created_at, f"{LINE}{line.id}")


def line_of(position: Position | None) -> int | None:
    """Return the line's number. Raises InvalidInput for the cursor of another list."""
    if position is None:
        return None
    number = position.id.removeprefix(LINE)
    if not number.isdecimal() or int(number) > LARGEST:
        raise InvalidInput(
            "This cursor is invalid.", hint="Use next_cursor of the previous page.", field="cursor"
        )
    return int(number)
