"""How pages are made: templates, and the policy that lets a browser load nothing that is not ours."""

import json
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, Response

from bot.cards.changes import request_text
from bot.cards.words import as_text, counted, duration, seconds_words, status_words, visible
from bot.pages.access.readers import TOKEN, Visit
from bot.pages.access.sessions import Sessions
from bot.pages.assets import Assets, load_assets
from core.decisions.initiators import Initiator
from core.views.executions import InitiatorView

QUOTED = re.compile("`([^`]+)`")
MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
# Stands for a person's name until the page is made: then all names are looked up at once. What people write has no
# such characters, because `_finalized` shows invisible ones by their codes, wherever it stands.
MARK = re.compile("\ue000([UW][A-Z0-9]{2,20})\ue001")
# https://cheatsheetseries.owasp.org/cheatsheets/Content_Security_Policy_Cheat_Sheet.html
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
# With `no-referrer`, which other answers have, a browser would send forms with the origin `null`.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
NAVIGATION = (
    ("/", "Overview"),
    ("/runs", "Runs"),
    ("/approvals", "Approvals"),
    ("/incidents", "Incidents"),
    ("/runbooks", "Runbooks"),
    ("/workflows", "Workflows"),
    ("/audit", "Audit"),
)


@dataclass(frozen=True)
class Pages:
    """The pages' templates, and the files that they refer to."""

    templates: Environment
    assets: Assets
    sessions: Sessions
    names: Callable[[Collection[str]], Mapping[str, str]]

    def page(
        self,
        name: str,
        status: int,
        headers: dict[str, str] | None = None,
        visit: Visit | None = None,
        **values: object,
    ) -> Response:
        """Return a page. `visit`: whoever reads it, for its navigation and forms; None for what anybody may read."""
        text = self.templates.get_template(name).render(visit=visit, **self._around(visit), **values)
        return HTMLResponse(self._named(text), int(status), {**HEADERS, **(headers or {})})

    def _named(self, text: str) -> str:
        """Put people's names where their marks are; the id of somebody whose name is not known."""
        marked = set(MARK.findall(text))
        names = self.names(marked) if marked else {}
        return MARK.sub(lambda found: str(named(found[1], names.get(found[1], ""))), text)

    def _around(self, visit: Visit | None) -> dict[str, object]:
        session = visit.session if visit else None
        return {
            "here": visit.request.url.path if visit else "",
            "navigation": NAVIGATION if session else (),
            "token_field": TOKEN,
            "form_token": self.sessions.form_token(session) if session else "",
        }


def load_pages(sessions: Sessions, names: Callable[[Collection[str]], Mapping[str, str]]) -> Pages:
    """Read the templates and files from this package. `names`: returns people's names by their Slack ids."""
    assets = load_assets()
    templates = Environment(
        loader=PackageLoader("bot.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "moment": moment,
        "time": time_element,
        "as_json": as_json,
        "visible": seen,
        "request": request_text,
        "prose": prose,
        "sentence": sentence,
        "person": person,
        "deed": deed,
        "seconds": seconds_words,
    }
    templates.globals |= {
        "new_key": partial(secrets.token_urlsafe, 16),
        "asset": assets.addresses.__getitem__,
        "duration": duration,
        "counted": counted,
        "status_words": status_words,
    }
    return Pages(templates, assets, sessions, names)


def _finalized(value: object) -> object:
    """Return what a template's expression puts into a page: only our filters make markup, and marks of names."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def deed(initiator: InitiatorView) -> str:
    """Return how somebody initiated a run, as a phrase that follows their name."""
    return Initiator(initiator.who, initiator.deed).said


def moment(value: datetime | None) -> str:
    """Format a time for people, always in UTC."""
    return value.strftime("%Y-%m-%d %H:%M:%S UTC") if value else "—"


def time_element(value: datetime | None) -> Markup:
    """Return a time as `<time>`, without its date in the text if the reader's program adds that."""
    if value is None:
        return Markup("—")
    return Markup('<time datetime="{}">{}</time>').format(
        value.isoformat(timespec="milliseconds"), moment(value)
    )


def as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def prose(text: str) -> Markup:
    """Format our own prose, in which backticks quote code."""
    return Markup(QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 escaped before


def sentence(text: str) -> Markup:
    """Format one of our sentences, which may quote others: as `prose`, with names where it mentions people."""
    parts = MENTION.split(visible(text))  # every second one is a person's id
    return Markup("").join(person(part) if at % 2 else prose(part) for at, part in enumerate(parts))


def person(actor: str) -> Markup:
    """Return what stands for the name of whoever did something, who may be a person, a workflow or a service."""
    if PERSON.fullmatch(actor):
        return Markup("\ue000{}\ue001").format(actor)
    return escape(visible(actor.replace("workflow:", "workflow ", 1)))


def named(slack_user_id: str, name: str) -> Markup:
    """Return a person's name, with their id behind it for whoever points at it."""
    if not name:
        return escape(slack_user_id)
    return Markup('<span title="{}">{}</span>').format(slack_user_id, visible(name))


def seen(value: object) -> str:
    """Return a value as text, with invisible characters escaped."""
    return visible(as_text(value))


def with_query(given: QueryParams, **changes: str | None) -> str:
    """Return the query of a link, from that of the request; None and empty values leave it."""
    kept = {**given, **changes}
    return "?" + urlencode({name: value for name, value in kept.items() if value})
