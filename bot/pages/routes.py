"""The routes of all pages that people read in a browser."""

from dataclasses import dataclass

from starlette.routing import Route

from bot.app_manifest import SIGN_IN_PATH
from bot.pages.access.readers import Readers
from bot.pages.access.sessions import Sessions
from bot.pages.access.sign_in import SignInPage, SlackSignIn
from bot.pages.approvals import ApprovalList
from bot.pages.audit import AuditPage
from bot.pages.incidents import IncidentList, IncidentPage
from bot.pages.library.approving import ApproveForm
from bot.pages.library.cases import CasesPage
from bot.pages.library.editor import Editor
from bot.pages.library.execution import WorkflowExecutionPage
from bot.pages.library.listing import DefinitionList, runbook_rows, workflow_rows
from bot.pages.library.runbook import RunbookPage
from bot.pages.library.schemas import SchemaFile
from bot.pages.library.versions import VersionsPage
from bot.pages.library.workflow import WorkflowPage
from bot.pages.links import RunLinks
from bot.pages.overview import OverviewPage
from bot.pages.problems import ProblemPage
from bot.pages.rendering import load_pages
from bot.pages.runs.downloads import StepDownload
from bot.pages.runs.forms import RunForms
from bot.pages.runs.listing import RunList
from bot.pages.runs.page import RunPage
from bot.pages.search import SearchPage
from bot.pages.site import Site, in_thread
from bot.rest import runbooks, workflows
from core.services.access.directory import names_of
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, Row
from core.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True)
class PageSettings:
    """`links`: the signed links, and our public address. `sign_in`: None if nobody can sign in with Slack."""

    links: RunLinks
    sign_in: SlackSignIn | None = None


def page_routes(unit_of_work: UnitOfWorkFactory, settings: PageSettings) -> list[Route]:
    links = settings.links
    is_https = links.public_url.startswith("https://")
    sessions = Sessions(links.secret, is_https, links.now)
    pages = load_pages(sessions, lambda ids: unit_of_work.run(lambda work: names_of(work, ids)))
    readers = Readers(unit_of_work, sessions, links.public_url)
    site = Site(unit_of_work, links, readers, pages, may_sign_in=settings.sign_in is not None)
    return [
        Route("/assets/{name}", pages.assets.answer),
        Route("/problems/{code}", ProblemPage(pages).answer),
        *_access_routes(site, settings.sign_in),
        *_list_routes(site),
        *_run_routes(site),
        *_library_routes(site),
    ]


def _access_routes(site: Site, slack: SlackSignIn | None) -> list[Route]:
    access = SignInPage(site, slack)
    return [
        Route("/sign-in", in_thread(access.begin)),
        Route(SIGN_IN_PATH, in_thread(access.finish)),
        Route("/sign-in/out", access.out),
        site.route("POST", "/sign-out", access.end),
    ]


def _list_routes(site: Site) -> list[Route]:
    incident, audit = IncidentPage(site), AuditPage(site)
    return [
        site.route("GET", "/", OverviewPage(site).show),
        site.route("GET", "/runs", RunList(site).show),
        site.route("GET", "/approvals", ApprovalList(site).show),
        site.route("GET", "/incidents", IncidentList(site).show),
        site.route("GET", "/incidents/{id}", incident.show),
        site.route("GET", "/incidents/{id}/report", incident.report),
        site.route("GET", "/search", SearchPage(site).show),
        site.route("GET", "/audit", audit.show),
        site.route("GET", "/audit/export", audit.export),
    ]


def _run_routes(site: Site) -> list[Route]:
    page = RunPage(site)
    forms = RunForms(site, page)
    return [
        Route("/runs/{execution_id}", in_thread(page.answer)),
        site.route("GET", "/runs/{execution_id}/steps/{step}/{part}", StepDownload(site).show),
        site.route("POST", "/runs/{execution_id}/cancel", forms.cancel),
        site.route("POST", "/runs/{execution_id}/retry", forms.retry),
        site.route("POST", "/runs/{execution_id}/verdict", forms.verdict),
        site.route("POST", "/approvals/{approval_id}/approve", forms.approve),
        site.route("POST", "/approvals/{approval_id}/reject", forms.reject),
    ]


def _library_routes(site: Site) -> list[Route]:
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
