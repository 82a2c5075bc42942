"""The routes of the library's pages."""

from starlette.routing import Route

from bot.pages.library.approving import ApproveForm
from bot.pages.library.cases import CasesPage
from bot.pages.library.editor import Editor
from bot.pages.library.execution import WorkflowExecutionPage
from bot.pages.library.listing import DefinitionList, runbook_rows, workflow_rows
from bot.pages.library.runbook import RunbookPage
from bot.pages.library.schemas import SchemaFile
from bot.pages.library.versions import VersionsPage
from bot.pages.library.workflow import WorkflowPage
from bot.pages.site import Site
from bot.rest import runbooks, workflows
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, Row


def library_routes(site: Site) -> list[Route]:
    return [
        *_runbook_routes(site),
        *_workflow_routes(site),
        *_editor_routes(site, Editor(site, runbooks.RESOURCE)),
        *_editor_routes(site, Editor(site, workflows.RESOURCE)),
        site.route("GET", "/schemas/{kind}", SchemaFile().show),
    ]


def _runbook_routes(site: Site) -> list[Route]:
    page = RunbookPage(site)
    return [
        site.route("GET", "/runbooks", DefinitionList(site, "runbook", runbook_rows).show),
        site.route("GET", "/runbooks/{id}", page.show),
        site.route("GET", "/runbooks/{id}/tests", CasesPage(site).show),
        site.route("GET", "/runbooks/{id}/versions", VersionsPage(site, RUNBOOKS).show),
        site.route("POST", "/runbooks/{id}/approve", ApproveForm(site, RUNBOOKS, page.render).send),
    ]


def _workflow_routes(site: Site) -> list[Route]:
    page = WorkflowPage(site)
    return [
        site.route("GET", "/workflows", DefinitionList(site, "workflow", workflow_rows).show),
        site.route("GET", "/workflows/executions/{id}", WorkflowExecutionPage(site).show),
        site.route("GET", "/workflows/{id}", page.show),
        site.route("GET", "/workflows/{id}/versions", VersionsPage(site, WORKFLOWS).show),
        site.route("POST", "/workflows/{id}/approve", ApproveForm(site, WORKFLOWS, page.render).send),
    ]


def _editor_routes(site: Site, editor: Editor[Row]) -> list[Route]:
    noun = editor.noun
    return [
        site.route("GET", f"/new/{noun}", editor.begin),
        site.route("POST", f"/new/{noun}", editor.create),
        site.route("POST", f"/new/{noun}/check", editor.check_new),
        site.route("GET", f"/{noun}s/{{id}}/edit", editor.open),
        site.route("POST", f"/{noun}s/{{id}}/edit", editor.save),
        site.route("POST", f"/{noun}s/{{id}}/check", editor.check),
    ]
