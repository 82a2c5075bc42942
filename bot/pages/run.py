"""`/runs/{execution_id}`: the web page of a run and its steps."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.cards.changes import request_text
from bot.cards.words import as_text, visible
from bot.pages.links import GOOD_FOR, RunLinks
from bot.rest.answers import ExecutionPage
from bot.rest.callers import CHALLENGE, identify
from bot.rest.paging import PageRequest, decode_cursor
from bot.rest.starting import page_of_runs
from core.decisions.people import Person
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.errors import InvalidInput, NotAllowed, NotFound
from core.services.access.listing import list_children
from core.services.runs.finding import find_execution
from core.services.views.reading import view_execution
from core.statuses import PrincipalKind
from core.unit_of_work import UnitOfWorkFactory
from core.views.executions import ExecutionView

CHILDREN_ON_A_PAGE = 100
QUOTED = re.compile("`([^`]+)`")

# Anyone with a signed link may read that one page, whichever team the run belongs to.
LINK_HOLDER = Person("link", source="page", kind=PrincipalKind.LINK)


@dataclass(frozen=True)
class Pages:
    """The pages' templates. Their style is inline, and the Content-Security-Policy allows nothing else."""

    templates: Environment
    style: str

    def page(self, name: str, status: int, headers: dict[str, str], **values: object) -> Response:
        text = self.templates.get_template(name).render(style=self.style, **values)
        return HTMLResponse(text, int(status), {"Content-Security-Policy": self._policy(), **headers})

    def _policy(self) -> str:
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"


def load_pages() -> Pages:
    """Read the templates from this package."""
    templates = Environment(loader=PackageLoader("bot.pages"), autoescape=True)
    templates.filters |= {"moment": moment, "as_json": as_json, "visible": seen, "request": request_text}
    templates.filters["prose"] = prose
    return Pages(templates, templates.get_template("style.css").render())


def moment(value: datetime | None) -> str:
    """Format a time for people, always in UTC."""
    return value.strftime("%Y-%m-%d %H:%M:%S UTC") if value else "—"


def as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def prose(text: str) -> Markup:
    """Return one of our own sentences as markup, with the parts between backticks as code."""
    return Markup(QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 escaped before


def seen(value: object) -> str:
    """Return a value as text, with invisible characters escaped."""
    return visible(as_text(value))


def _next_page(request: Request, cursor: str | None) -> str | None:
    """Return the address of the next page of child runs, or None if there is none."""
    if cursor is None:
        return None
    given = {name: value for name, value in request.query_params.items() if name != "after"}
    return f"?{urlencode({**given, 'after': cursor})}"


@dataclass(frozen=True)
class RunPage:
    """Serves the page to anyone with a signed link, or with a bearer token that may see the run."""

    unit_of_work: UnitOfWorkFactory
    links: RunLinks
    pages: Pages

    def answer(self, request: Request) -> Response:
        execution_id = request.path_params["execution_id"]
        person = self._reader(request, execution_id)
        if person is None:
            return self._refusal(HTTPStatus.UNAUTHORIZED, self._why_not(request, execution_id), CHALLENGE)
        try:
            execution, children = self._find(person, execution_id, request.query_params.get("after"))
        except NotFound as error:
            return self._refusal(HTTPStatus.NOT_FOUND, str(error), {})
        except NotAllowed as error:
            return self._refusal(HTTPStatus.FORBIDDEN, str(error), {})
        except InvalidInput as error:
            return self._refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), {})
        following = _next_page(request, children.next_cursor)
        links = {child.id: self.links.url(child.id) for child in children.executions}
        about = {"children": children.executions, "links": links, "following": following}
        return self.pages.page("run.html", HTTPStatus.OK, {}, execution=execution, **about)

    def _reader(self, request: Request, execution_id: str) -> Person | None:
        if self.links.is_signed(execution_id, request.query_params.get("token", "")):
            return LINK_HOLDER
        found = identify(self.unit_of_work, request)
        return found[0] if found else None

    def _why_not(self, request: Request, execution_id: str) -> str:
        if self.links.has_expired(execution_id, request.query_params.get("token", "")):
            return f"This link has expired after {GOOD_FOR.days} days. Send a bearer token to read the page."
        return "Open this page through its link in Slack, or send a bearer token."

    def _find(
        self, person: Person, execution_id: str, after: str | None
    ) -> tuple[ExecutionView, ExecutionPage]:
        """Return the run, and a page of its child runs: the first, or that after the cursor `after`."""
        if "\0" in execution_id:
            raise NotFound("There is no such execution.")
        require_scope(person, Action.RUN_READ)
        page = PageRequest(CHILDREN_ON_A_PAGE, decode_cursor(after) if after else None)
        with self.unit_of_work.begin() as work:
            row = find_execution(work, person, execution_id)
            children = page_of_runs(work, page, list_children(work, row, page.window))
            return view_execution(work, row), children

    def _refusal(self, status: HTTPStatus, sentence: str, headers: dict[str, str]) -> Response:
        return self.pages.page("refusal.html", status, headers, title=status.phrase, sentence=sentence)
