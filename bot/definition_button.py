"""The button that approves a definition: exactly the version that its card showed."""

from bot.cards.definition_approval import Shown
from bot.cards.words import escape
from core.decisions.people import Person
from core.errors import InvalidInput
from core.service import Service, Work
from core.services.access.people import load_person
from core.services.library.approval import approve
from core.services.library.finding import find
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, Row, Shelf
from core.services.library.writing import Intent


def press_approve(service: Service, value: str, user_id: str, *, single_admin: bool) -> str:
    """Approve what was shown. Returns what there is to say.

    Raises core's errors: Stale where the definition is at another version by now, or says something else.
    """
    shown = Shown.of(value)

    def act(work: Work) -> str:
        person = load_person(work, user_id, source="slack")
        if shown.kind == RUNBOOKS.noun:
            return _approve(work, person, RUNBOOKS, shown, single_admin)
        if shown.kind == WORKFLOWS.noun:
            return _approve(work, person, WORKFLOWS, shown, single_admin)
        raise InvalidInput("This button does nothing here any more.")

    return service.do(act)


def _approve(work: Work, person: Person, shelf: Shelf[Row], shown: Shown, single_admin: bool) -> str:
    row = find(work, person, shelf, shown.id)
    intent = Intent(read_version=shown.version, read_digest=shown.digest)
    approve(work, person, shelf, row, intent, own_version_allowed=single_admin)
    return f"✅ {escape(row.name)} v{row.version} is approved and may run."
