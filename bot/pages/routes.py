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
from bot.pages.library.routes import library_routes
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
from core.services.access.directory import names_of
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
        *library_routes(site),
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
