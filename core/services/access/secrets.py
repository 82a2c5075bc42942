"""Secrets: what platform admins declare about them, and what the workers know of that. No value comes here."""

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

FRESH_SECONDS = 1.0  # as long a worker believes what was declared


def check_may_declare(person: Person) -> None:
    """Raise NotAllowed for who is no platform admin."""
    require(person, Action.SECRET_WRITE, None, "Only a platform admin may declare secrets.")


def create_secret(work: UnitOfWork, person: Person, definition: SecretDefinition) -> Secret:
    """Raises NotAllowed, and Conflict where the name is taken."""
    check_may_declare(person)
    if _named(work, definition.name) is not None:
        raise AlreadyExists(
            f"There is already a secret {definition.name}.", hint="Change it, or choose another name."
        )
    return _write(work, person, None, definition)


def apply_secret(work: UnitOfWork, person: Person, definition: SecretDefinition) -> Secret:
    """Make the declaration of that name what this one says, whether there is one or not. Raises NotAllowed."""
    check_may_declare(person)
    return _write(work, person, _named(work, definition.name), definition)


def change_secret(work: UnitOfWork, person: Person, reference: str, definition: SecretDefinition) -> Secret:
    """Raises NotAllowed, NotFound, and InvalidInput for another name."""
    row = find_secret(work, person, reference)
    if definition.name != row.name:
        raise InvalidInput(f"A secret keeps its name: this one is {row.name}.", field="name")
    return _write(work, person, row, definition)


def delete_secret(work: UnitOfWork, person: Person, reference: str) -> Secret:
    """From now on nobody may use it. Raises NotAllowed and NotFound."""
    row = find_secret(work, person, reference)
    details = {"name": row.name, "before": {"definition": row.definition}, "after": None}
    audit.record(work, person, "secret.deleted", row.id, details)
    work.session.delete(row)
    return row


def find_secret(work: UnitOfWork, person: Person, reference: str) -> Secret:
    """By id or name. Raises NotAllowed for who is no platform admin, whatever they ask for, and NotFound."""
    check_may_declare(person)
    query = select(Secret).where(or_(Secret.id == reference, Secret.name == reference)).with_for_update()
    row = work.session.scalar(query)
    if row is None:
        raise NotFound(f"There is no secret {reference}.")
    return row


def list_secrets(work: UnitOfWork, person: Person) -> list[Secret]:
    """By name. Raises NotAllowed for who is no platform admin."""
    check_may_declare(person)
    return list(work.session.scalars(select(Secret).order_by(Secret.name)))


def declared_secrets(session: Session) -> dict[str, SecretDefinition]:
    """All declarations by name. One that this version cannot read is as if it were not there."""
    found = {}
    for name, document in session.execute(select(Secret.name, Secret.definition)):
        try:
            found[name] = SecretDefinition.model_validate(document)
        except ValidationError:
            continue
    return found


def _named(work: UnitOfWork, name: str) -> Secret | None:
    """Locked, and if there is none, nobody else makes one until the transaction ends."""
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
    """What is declared, as one worker knows it: read again when it is needed and a second old."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._now = engine, now
        self._known: Mapping[str, SecretDefinition] = {}
        self._until = float("-inf")

    def known(self) -> Mapping[str, SecretDefinition]:
        """As it was at most a second ago; the same object as before where nothing was read."""
        return self._known if self._now() < self._until else self.fresh()

    def fresh(self) -> Mapping[str, SecretDefinition]:
        """As it is now."""
        with Session(self._engine) as session:
            self._known = declared_secrets(session)
        self._until = self._now() + FRESH_SECONDS
        return self._known
