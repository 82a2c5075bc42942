"""Declarations of secrets: platform admins write them, workers read them. No secret's value comes here."""

import time
from collections.abc import Callable, Mapping

from pydantic import ValidationError
from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session

from core.decisions.people import Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.definitions.secret import SecretDefinition
from core.errors import AlreadyExists, InvalidInput, NotFound
from core.identifiers import Prefix, new_id
from core.services.shared import audit
from core.services.shared.idempotency import serialize_on_key
from core.tables import Secret
from core.unit_of_work import UnitOfWork

FRESH_SECONDS = 1.0  # how long a worker caches the declarations


def check_may_declare(person: Person) -> None:
    """Raise NotAllowed if the person is not a platform admin."""
    require(person, Action.SECRET_WRITE, None, "Only a platform admin may declare secrets.")


def create_secret(work: UnitOfWork, person: Person, definition: SecretDefinition) -> Secret:
    """Declare a secret. Raises NotAllowed, and Conflict if the name is taken."""
    check_may_declare(person)
    if _named(work, definition.name) is not None:
        raise AlreadyExists(
            f"There is already a secret {definition.name}.", hint="Change that one, or choose another name."
        )
    return _write(work, person, None, definition)


def apply_secret(work: UnitOfWork, person: Person, definition: SecretDefinition) -> Secret:
    """Create or update the declaration of this name. Raises NotAllowed."""
    check_may_declare(person)
    return _write(work, person, _named(work, definition.name), definition)


def change_secret(work: UnitOfWork, person: Person, reference: str, definition: SecretDefinition) -> Secret:
    """Update a declaration. Raises NotAllowed, NotFound, and InvalidInput if the name differs."""
    row = find_secret(work, person, reference)
    if definition.name != row.name:
        raise InvalidInput(f"A secret cannot be renamed. This one is called {row.name}.", field="name")
    return _write(work, person, row, definition)


def delete_secret(work: UnitOfWork, person: Person, reference: str) -> Secret:
    """Delete a declaration, so that the secret can no longer be used. Raises NotAllowed and NotFound."""
    row = find_secret(work, person, reference)
    details = {"name": row.name, "before": {"definition": row.definition}, "after": None}
    audit.record(work, person, "secret.deleted", row.id, details)
    work.session.delete(row)
    return row


def find_secret(work: UnitOfWork, person: Person, reference: str) -> Secret:
    """Find a declaration by id or name. Raises NotAllowed if the person is not a platform admin, then NotFound."""
    check_may_declare(person)
    query = select(Secret).where(or_(Secret.id == reference, Secret.name == reference)).with_for_update()
    row = work.session.scalar(query)
    if row is None:
        raise NotFound(f"There is no secret {reference}.")
    return row


def list_secrets(work: UnitOfWork, person: Person) -> list[Secret]:
    """Return all declarations, sorted by name. Raises NotAllowed if the person is not a platform admin."""
    check_may_declare(person)
    return list(work.session.scalars(select(Secret).order_by(Secret.name)))


def declared_secrets(session: Session) -> dict[str, SecretDefinition]:
    """Return all declarations by name. Those that this release cannot read are left out."""
    found = {}
    for name, document in session.execute(select(Secret.name, Secret.definition)):
        try:
            found[name] = SecretDefinition.model_validate(document)
        except ValidationError:
            continue
    return found


def _named(work: UnitOfWork, name: str) -> Secret | None:
    """Return the declaration, locked. If there is none, nobody can create it until the transaction ends."""
    serialize_on_key(work, f"secret {name}")
    return work.session.scalar(select(Secret).where(Secret.name == name).with_for_update())


def _write(work: UnitOfWork, person: Person, row: Secret | None, definition: SecretDefinition) -> Secret:
    document = definition.document()
    before = None if row is None else {"definition": row.definition}
    if row is None:
        row = Secret(id=new_id(Prefix.SECRET), name=definition.name, created_at=work.now)
        work.session.add(row)
    elif row.definition == document:
        return row
    row.definition, row.changed_by, row.updated_at = document, person.slack_user_id, work.now
    details = {"name": row.name, "before": before, "after": {"definition": document}}
    audit.record(work, person, "secret.changed" if before else "secret.created", row.id, details)
    return row


class Declarations:
    """The declarations as one worker sees them: cached for a second, and read again when needed."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._now = engine, now
        self._known: Mapping[str, SecretDefinition] = {}
        self._until = float("-inf")

    def known(self) -> Mapping[str, SecretDefinition]:
        """Return the declarations, at most a second old; the same object as before if they were not read again."""
        return self._known if self._now() < self._until else self.fresh()

    def fresh(self) -> Mapping[str, SecretDefinition]:
        """Return the declarations, read now."""
        with Session(self._engine) as session:
            self._known = declared_secrets(session)
        self._until = self._now() + FRESH_SECONDS
        return self._known
