"""Who reads a page: the person of a bearer token, or of a session; and whether a form comes from one of our pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.pages.access.sessions import Session, Sessions
from bot.rest.callers import check_request_rate, identify, with_origin
from bot.rest.settings import RestSettings
from bot.web_origins import web_origin
from core.decisions.people import Person
from core.errors import InvalidInput, NotAllowed
from core.services.access.people import load_person
from core.unit_of_work import UnitOfWorkFactory

SOURCE = "page"  # in the audit trail
MOST_FIELDS = 20
STOPS = "/cancel"  # nothing that stops a run is ever counted
TOKEN = "form"  # the field with the session's token
FOREIGN = "This form does not come from a page that you have opened here, so nothing was done."
AGAIN = "Open the page again, and send the form from there."


@dataclass(frozen=True)
class Visit:
    """Somebody at a page. `session`: None with a bearer token. `fields`: of the form that they sent, if any."""

    request: Request
    person: Person
    session: Session | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Readers:
    """Finds out who makes a request. Their roles are looked up each time: a session stores none.

    `public_url`: where browsers find us, which a proxy may hide; empty if there is no other address than ours.
    """

    unit_of_work: UnitOfWorkFactory
    sessions: Sessions
    public_url: str = ""

    def read(self, request: Request) -> Visit | None:
        """Return the visit; None without a valid token and a valid session.

        Raises NotAllowed for somebody who may use nothing here: a guest, somebody deactivated, another workspace's.
        """
        if request.headers.get("Authorization"):
            return self._carried(request)
        session = self.sessions.read(request)
        if session is None:
            return None
        with self.unit_of_work.begin() as work:
            person = load_person(work, session.slack_user_id, source=SOURCE)
        if not _stops(request):
            _settings(request).limits.check_person(person.slack_user_id)
        return Visit(request, person, session)

    def _carried(self, request: Request) -> Visit | None:
        """Return the visit of a token, with all that REST finds out about who sends one."""
        found = identify(self.unit_of_work, request)
        if found is None:
            return None
        person, token_id = found
        if not _stops(request):
            check_request_rate(_settings(request), person, token_id)
        return Visit(request, with_origin(request, person))

    def submitted(self, visit: Visit, body: bytes) -> Visit:
        """Return the visit with the form's fields. Raises NotAllowed for a form that is not of this session's pages.

        A bearer token is sent by programs alone, and by no browser on its own: it needs no further proof.
        """
        fields = _fields(body)
        if visit.session is not None:
            self._check_origin(visit.request)
            if not self.sessions.is_form_of(visit.session, fields.get(TOKEN, "")):
                raise NotAllowed(FOREIGN, hint=AGAIN)
        return Visit(visit.request, visit.person, visit.session, fields)

    def glimpse(self, request: Request) -> Visit | None:
        """Return whoever has a session, without any roles: only for what is around a page that says no."""
        session = self.sessions.read(request)
        return Visit(request, Person(session.slack_user_id, source=SOURCE), session) if session else None

    def _check_origin(self, request: Request) -> None:
        """Raise NotAllowed if the browser says that another site sent the form.

        https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
        """
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise NotAllowed(FOREIGN, hint=AGAIN)
        given = request.headers.get("Origin")
        if given is None:
            return
        origin = web_origin(given)
        here = f"{origin.partition(':')[0]}://{request.headers.get('Host', '')}"
        if not origin or origin not in (web_origin(self.public_url), web_origin(here)):
            raise NotAllowed(FOREIGN, hint=AGAIN)


def _settings(request: Request) -> RestSettings:
    settings: RestSettings = request.app.state.settings
    return settings


def _stops(request: Request) -> bool:
    return request.method == "POST" and request.url.path.endswith(STOPS)


def _fields(body: bytes) -> dict[str, str]:
    """Return the fields of an `application/x-www-form-urlencoded` body. Raises InvalidInput for anything else."""
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise InvalidInput("This is not a form of ours.", hint=AGAIN) from None
    if any("\0" in value for _, value in pairs):
        raise InvalidInput("A text of this form has a character that cannot be stored (U+0000).")
    return dict(pairs)
