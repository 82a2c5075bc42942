"""Writing definitions on a page: checked while somebody types, and saved as a draft for somebody else to approve."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.library.checking import Checked, Mistake, body_of, checked, mistakes_of, read_text
from bot.pages.library.definition import find_definition
from bot.pages.posted_forms import VERSION, Deed, note_of, once, status_of
from bot.pages.site import Site, see_other
from bot.rest.library import DefinitionResource
from core.definitions.yaml_format import Labelled, to_yaml
from core.errors import DefinitionError, InvalidInput, NotFound, RunbookError
from core.services.library import writing
from core.services.library.finding import check_may_write, check_may_write_something, owner_of
from core.services.library.kinds import Row
from core.services.library.writing import AnyDefinition, Intent
from core.unit_of_work import UnitOfWork

NOTHING = Checked(())
UNCLEAR = "The form does not say which version was edited. Open the page again."
FIRST = {
    "runbook": """kind: runbook
name: my-runbook
team: {team}
description: What it is for.
steps:
  - id: first
    type: wait
    for: 1s
""",
    "workflow": """kind: workflow
name: my-workflow
team: {team}
description: What it is for.
trigger:
  on: incident.created
when: incident.severity == "critical"
actions:
  - id: say
    type: message
    text: "Look at {{{{ incident.title }}}}"
""",
}


@dataclass(frozen=True)
class Edited:
    """A text in the editor. `reference`: the id of the definition; None for a new one. `version`: that was opened."""

    text: str
    note: str = ""
    reference: str | None = None
    name: str = ""
    version: str = ""


@dataclass(frozen=True)
class Editor(Generic[Row]):
    site: Site
    resource: DefinitionResource[Row]

    @property
    def noun(self) -> str:
        return self.resource.kind.noun

    def begin(self, visit: Visit) -> Response:
        check_may_write_something(visit.person)
        return self._page(visit, Edited(FIRST[self.noun].format(team=_first_team(visit))))

    def open(self, visit: Visit) -> Response:
        with self.site.unit_of_work.begin() as work:
            row = self._writable(work, visit)
            return self._page(visit, Edited(to_yaml(row.definition), "", row.id, row.name, str(row.version)))

    def check_new(self, visit: Visit) -> Response:
        check_may_write_something(visit.person)
        with self.site.unit_of_work.begin() as work:
            found = read_text(work, visit, self.resource, text_of(visit))
        return self._beside(visit, found, None)

    def check(self, visit: Visit) -> Response:
        with self.site.unit_of_work.begin() as work:
            row = self._writable(work, visit)
            before = Labelled(f"v{row.version}", self.resource.kind.content_of(row.definition))
            found = read_text(work, visit, self.resource, text_of(visit))
        return self._beside(visit, found, before)

    def create(self, visit: Visit) -> Response:
        check_may_write_something(visit.person)
        return self._saved(visit, self._create, Edited(text_of(visit), visit.fields.get("note", "")))

    def save(self, visit: Visit) -> Response:
        with self.site.unit_of_work.begin() as work:
            row = self._writable(work, visit)
            reference, name = row.id, row.name
        fields = visit.fields
        edited = Edited(text_of(visit), fields.get("note", ""), reference, name, fields.get("version", ""))
        return self._saved(visit, self._change, edited)

    def _create(self, work: UnitOfWork, visit: Visit) -> str:
        definition = self.resource.read(work, visit.person, body_of(text_of(visit)))
        row = writing.create(work, visit.person, self.resource.kind, definition, Intent(note_of(visit)))
        return f"/{self.noun}s/{row.id}?said=saved"

    def _change(self, work: UnitOfWork, visit: Visit) -> str:
        """Write the next version, if the newest one is still the one that was opened."""
        version = visit.fields.get("version", "")
        if not VERSION.fullmatch(version):
            raise InvalidInput(UNCLEAR, field="version")
        row = self._writable(work, visit)
        definition = self.resource.read(work, visit.person, body_of(text_of(visit)))
        before, intent = row.version, Intent(note_of(visit), int(version))
        row = writing.change(work, visit.person, self.resource.kind, row, definition, intent)
        return f"/{self.noun}s/{row.id}?said={'same' if row.version == before else 'saved'}"

    def _writable(self, work: UnitOfWork, visit: Visit) -> Row:
        """Return the definition. Raises NotFound if the visitor may not see it, NotAllowed if they may not write it."""
        row = find_definition(work, visit, self.resource.kind)
        if row.deleted_at is not None:
            raise NotFound(f"{row.name} was deleted.")
        check_may_write(visit.person, owner_of(row))
        return row

    def _saved(self, visit: Visit, deed: Deed, edited: Edited) -> Response:
        """Save, and go on to the page of the definition; otherwise show the text again with what is wrong."""
        try:
            return see_other(self.site.unit_of_work.run(lambda work: once(work, visit, deed)))
        except NotFound:
            raise
        except DefinitionError as error:
            return self._page(visit, edited, Checked(mistakes_of(error)), HTTPStatus.UNPROCESSABLE_ENTITY)
        except RunbookError as error:
            return self._page(visit, edited, Checked([Mistake(0, 0, str(error))]), status_of(error))

    def _page(
        self, visit: Visit, edited: Edited, checked: Checked = NOTHING, status: HTTPStatus = HTTPStatus.OK
    ) -> Response:
        where = f"/{self.noun}s/{edited.reference}" if edited.reference else f"/new/{self.noun}"
        sent_to = f"{where}/edit" if edited.reference else where
        return self.site.pages.page(
            "editor.html",
            status,
            None,
            visit,
            noun=self.noun,
            edited=edited,
            checked=checked,
            sent_to=sent_to,
            checked_at=f"{where}/check",
        )

    def _beside(self, visit: Visit, found: AnyDefinition | Checked, before: Labelled | None) -> Response:
        """Show the mistakes, or what the definition does. No transaction is open meanwhile: its tests are run."""
        shown = found if isinstance(found, Checked) else checked(self.resource, found, before)
        return self.site.show(visit, "checked.html", noun=self.noun, checked=shown)


def text_of(visit: Visit) -> str:
    return visit.fields.get("text", "").replace("\r\n", "\n")


def _first_team(visit: Visit) -> str:
    """Return a team for which the visitor may write, to begin with."""
    return next(iter(sorted(visit.person.roles)), "my-team")
