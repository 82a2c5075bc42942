"""How pages are made: templates, and the policy that lets a browser load nothing that is not ours."""

import json
import re
import secrets
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

QUOTED = re.compile("`([^`]+)`")
MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
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
    ("/audit", "Audit"),
)


@dataclass(frozen=True)
class Pages:
    """The pages' templates, and the files that they refer to."""

    templates: Environment
    assets: Assets
    sessions: Sessions

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
        return HTMLResponse(text, int(status), {**HEADERS, **(headers or {})})

    def _around(self, visit: Visit | None) -> dict[str, object]:
        session = visit.session if visit else None
        return {
            "here": visit.request.url.path if visit else "",
            "navigation": NAVIGATION if session else (),
            "token_field": TOKEN,
            "form_token": self.sessions.form_token(session) if session else "",
        }


def load_pages(sessions: Sessions) -> Pages:
    """Read the templates and files from this package."""
    assets = load_assets()
    templates = Environment(
        loader=PackageLoader("bot.pages"),
        autoescape=True,
        undefined=StrictUndefined,
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
        "seconds": seconds_words,
    }
    templates.globals |= {
        "new_key": partial(secrets.token_urlsafe, 16),
        "asset": assets.addresses.__getitem__,
        "duration": duration,
        "counted": counted,
        "status_words": status_words,
    }
    return Pages(templates, assets, sessions)


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
    """Format one of our sentences, which may quote others: as `prose`, with mentions as ids."""
    return prose(MENTION.sub(r"\1", visible(text)))


def seen(value: object) -> str:
    """Return a value as text, with invisible characters escaped."""
    return visible(as_text(value))


def with_query(given: QueryParams, **changes: str | None) -> str:
    """Return the query of a link, from that of the request; None and empty values leave it."""
    kept = {**given, **changes}
    return "?" + urlencode({name: value for name, value in kept.items() if value})
