"""`/secrets`: the declarations of secrets, for platform admins. Values are never sent or returned here."""

from http import HTTPStatus

from pydantic import BaseModel
from starlette.responses import Response

from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.documents import BODY, DocumentBody, SentDocument
from bot.rest.idempotency import CurrentPost
from bot.rest.references import SecretReference
from core.decisions.people import Person
from core.definitions.checks.secrets import NOTHING_SAID
from core.definitions.secret import SecretDefinition
from core.services.access import secrets
from core.services.views.executions import columns
from core.tables import Secret
from core.unit_of_work import UnitOfWork
from core.views.library import SecretView

router = authenticated_router("/api/secrets", "secrets")


class SecretAnswer(BaseModel):
    secret: SecretView


class SecretList(BaseModel):
    secrets: list[SecretView]


def _view(row: Secret) -> SecretView:
    return SecretView(**columns(row, SecretView))


def _read(person: Person, body: DocumentBody) -> SecretDefinition:
    return body.read(SecretDefinition, lambda _team: secrets.check_may_declare(person), NOTHING_SAID)


@router.post("", status_code=HTTPStatus.CREATED, response_model=SecretAnswer, openapi_extra=BODY)
def create(body: SentDocument, post: CurrentPost) -> Response:
    """Declare a secret: its source, the teams that may use it, and where it may be sent."""
    person = post.caller.person
    secrets.check_may_declare(person)

    def act(work: UnitOfWork) -> SecretAnswer:
        return SecretAnswer(secret=_view(secrets.create_secret(work, person, _read(person, body))))

    return post.once(act, HTTPStatus.CREATED)


@router.get("")
def list_all(caller: CurrentCaller) -> SecretList:
    """List all declared secrets by name."""
    with caller.unit_of_work.begin() as work:
        return SecretList(secrets=list(map(_view, secrets.list_secrets(work, caller.person))))


@router.get("/{id}")
def show(secret: SecretReference, caller: CurrentCaller) -> SecretAnswer:
    """Return one declaration."""
    with caller.unit_of_work.begin() as work:
        return SecretAnswer(secret=_view(secrets.find_secret(work, caller.person, secret)))


@router.put("/{id}", openapi_extra=BODY)
def change(secret: SecretReference, body: SentDocument, caller: CurrentCaller) -> SecretAnswer:
    """Change a declaration. Workers apply it within a second."""
    secrets.check_may_declare(caller.person)
    with caller.unit_of_work.begin() as work:
        definition = _read(caller.person, body)
        return SecretAnswer(secret=_view(secrets.change_secret(work, caller.person, secret, definition)))


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
def delete(secret: SecretReference, caller: CurrentCaller) -> None:
    """Delete a declaration. From then on nobody may use the secret."""
    with caller.unit_of_work.begin() as work:
        secrets.delete_secret(work, caller.person, secret)
