"""`/runs/{execution_id}`: one run, its steps and what is waited for, live until it has ended.

While it is open, the page asks every few seconds whether anything has changed: two reads by key, and an empty answer
if nothing has. So a reader holds no connection, whichever of several web processes answers.
"""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from bot.cards.ending import retry_words
from bot.cards.headline import cancel_words
from bot.cards.verdict import RUN_AGAIN
from bot.pages.access.readers import Visit
from bot.pages.links import GOOD_FOR
from bot.pages.rendering import with_query
from bot.pages.runs.reading import RunSeen, read_run, version_of
from bot.pages.site import Site
from bot.rest.callers import CHALLENGE
from bot.rest.paging import PageRequest, decode_cursor
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.errors import NotAllowed, NotFound
from core.services.runs.finding import find_execution
from core.statuses import PrincipalKind
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork

CHILDREN_ON_A_PAGE = 100
POLLED_EVERY = {"running": 2, "pending": 2}  # seconds; else WAITING_POLLED_EVERY
WAITING_POLLED_EVERY = 5
STOP = 286  # htmx stops asking: https://htmx.org/docs/#load_polling
SAID = {
    "approve": "You approved it.",
    "reject": "You rejected it.",
    "cancel": "You cancelled the run.",
    "retry": "This run continues the one that you retried.",
    "ran": "You answered that the step ran.",
    "did_not_run": "You answered that the step did not run.",
    "run_again": "You had the step run again.",
}

# Anyone with a signed link may read that one page, whichever team the run belongs to.
LINK_HOLDER = Person("link", source="page", kind=PrincipalKind.LINK)


@dataclass(frozen=True)
class RunPage:
    """Serves the page to people who may see the run, and to anyone with a signed link."""

    site: Site

    def answer(self, request: Request, _body: bytes) -> Response:
        return self.site.guarded(request, lambda: self._answer(request))

    def _answer(self, request: Request) -> Response:
        execution_id = request.path_params["execution_id"]
        is_linked = self.site.links.is_signed(execution_id, request.query_params.get("token", ""))
        try:
            visit = self.site.readers.read(request)
            if visit is not None:
                return self._page(visit)
        except (NotFound, NotAllowed):
            if not is_linked:
                raise
        if is_linked:
            return self._page(Visit(request, LINK_HOLDER))
        return self.site.refusal(request, HTTPStatus.UNAUTHORIZED, self._why_not(request), CHALLENGE)

    def _why_not(self, request: Request) -> str:
        execution_id = request.path_params["execution_id"]
        if self.site.links.has_expired(execution_id, request.query_params.get("token", "")):
            return f"This link has expired after {GOOD_FOR.days} days. Send a bearer token to read the page."
        return "Open this page through its link in Slack, or send a bearer token."

    def _page(self, visit: Visit) -> Response:
        self.site.check(visit, Action.RUN_READ)
        asked = visit.request.query_params
        page = PageRequest(CHILDREN_ON_A_PAGE, decode_cursor(asked["after"]) if "after" in asked else None)
        with self.site.unit_of_work.begin() as work:
            row = find_run(work, visit)
            if asked.get("seen") == version_of(work, row):
                return Response(status_code=HTTPStatus.NO_CONTENT)
            seen = read_run(work, visit.person, row, page)
        return self.render(visit, seen, HTTPStatus.OK, said=SAID.get(asked.get("said", ""), ""))

    def render(
        self, visit: Visit, seen: RunSeen, status: int, *, said: str = "", trouble: str = ""
    ) -> Response:
        """Return the page; only its changing part to htmx, which asks again and again."""
        is_part = "seen" in visit.request.query_params
        has_ended = seen.run.status.is_final
        return self.site.pages.page(
            "run_live.html" if is_part else "run.html",
            STOP if is_part and has_ended else status,
            None,
            visit,
            seen=seen,
            run=seen.run,
            said=said,
            trouble=trouble,
            every=POLLED_EVERY.get(seen.run.status.value, WAITING_POLLED_EVERY),
            ask=_at(visit, seen.run.id, seen=seen.version, said=None),
            links=self._links(visit, seen),
            following=_at(visit, seen.run.id, after=seen.next_children, seen=None),
            retry_words=retry_words(seen.run, seen.facts.retry) if seen.facts.retry else "",
            cancel_words=cancel_words(seen.run),
            run_again_words=RUN_AGAIN,
        )

    def _links(self, visit: Visit, seen: RunSeen) -> dict[str, str]:
        """Return the addresses of the child runs: signed for the holder of a link, who has no other right to them."""
        if visit.person.kind is PrincipalKind.LINK:
            return {child.id: self.site.links.url(child.id) for child in seen.children}
        return {child.id: f"/runs/{child.id}" for child in seen.children}


def _at(visit: Visit, run: str, **changes: str | None) -> str:
    """Return an address of the run's page. It says which run: after a refusal, the form's address is another."""
    return f"/runs/{run}{with_query(visit.request.query_params, **changes)}"


def find_run(work: UnitOfWork, visit: Visit) -> RunbookExecution:
    """Return the run of the address. Raises NotFound, also if the visitor may not see it."""
    return find_execution(work, visit.person, visit.request.path_params["execution_id"])
