"""Calls of another system's API: its answers read, bounded and masked, and what each of them proves.

A call ends in one of four ways: it is answered; the system refused it, so it did nothing (`Refused`); it was never sent
(`NotSent`, or a RunbookError if it is not allowed); or nobody knows whether it was done (`Unclear`, `NoAnswer`).
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlencode

from core.effects.calls import masked_response
from core.errors import InvalidInput, RunbookError
from core.execution.preparation import Context
from core.io.attempts import Deadline
from core.io.http import HttpRequest, NoAnswer, NotSent
from core.io.response import HttpResponse, no_json, retry_after
from core.io.tls import Tls
from core.values.execution import Json
from core.values.headers import why_no_header

LIMIT = timedelta(seconds=30)  # of all the calls of one look together
SHOWN = 500  # characters of an answer
JSON = "application/json"
TIMED_OUT = 408
TOO_MANY = frozenset({420, 429})  # RFC 6585, section 4; Statuspage says 420
TROUBLE = (NotSent, NoAnswer, RunbookError)  # what a call may raise
Error = TypeVar("Error", bound="Answered")


class Answered(RunbookError):
    """The system answered something else than it was asked for. `status`: of its response."""

    status: int = 0
    wait: timedelta | None = None
    """How long it asks to wait before the next call, if it does."""


class Refused(Answered):
    """The system refused, so it did nothing."""

    @property
    def is_passing(self) -> bool:
        """Whether the same call may be answered a little later."""
        return self.status in TOO_MANY


class Useless(Refused):
    """What the step says cannot be done there, however often it is tried."""


class Unclear(Answered):
    """From this answer nobody knows whether the system did it."""


class Unknowable(Unclear):
    """Nobody knows whether the system did it, and asking it again would not tell."""


@dataclass(frozen=True)
class Api:
    """A system's API. `name`: for people; `url`: where it begins; `headers`: for every call, with its credentials.

    `tls`: how it is recognized, if not by the system's authorities. `sign`: completes each request, where a signature
    covers it.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Tls | None = None
    sign: Callable[[HttpRequest, threading.Event], HttpRequest] | None = None

    def session(self, context: Context, stop: threading.Event, limit: timedelta = LIMIT) -> "Session":
        return Session(self, context, stop, Deadline.after(min(limit, LIMIT)))


@dataclass(frozen=True)
class Session:
    """The calls of one look, with one deadline. Secrets go only where they may, and are masked in every answer."""

    api: Api
    context: Context
    stop: threading.Event
    deadline: Deadline

    def get(self, path: str, **query: Json) -> Json:
        """Return the answer's JSON. Raises Refused, Unclear, and what the HTTP port raises."""
        return self.json_of(self.checked(self.send("GET", path, query=query)))

    def get_first(self, path: str, **query: Json) -> Json:
        """Return the JSON of what must be known before anything is changed. Raises Refused if it cannot be read."""
        try:
            return self.get(path, **query)
        except (NoAnswer, Unclear) as error:
            raise Refused(f"Nothing was changed, since {self.api.name} could not be read. {error}") from error

    def get_exact(self, path: str) -> Json:
        """Return the answer's JSON with nothing masked, to be sent back to the system, and never shown or stored.

        Raises Refused, also if it cannot be read.
        """
        try:
            response = self._answered("GET", path, {}, dict(self.api.headers), None)
            self.checked(masked_response(response, self.context.masker))
            return self.json_of(response)
        except (NoAnswer, Unclear) as error:
            raise Refused(f"Nothing was changed, since {self.api.name} could not be read. {error}") from error

    def change(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        form: Mapping[str, str] | None = None,
        kind: str = JSON,
    ) -> HttpResponse:
        """Return the answer to a call that changes something. Raises as `get` does. `kind`: the body's media type."""
        return self.checked(self.send(method, path, body=body, form=form, kind=kind))

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Json] | None = None,
        body: Json = None,
        form: Mapping[str, str] | None = None,
        kind: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Return the answer, whatever it is. Raises what the HTTP port raises. `headers`: further ones."""
        headers, content = {**self.api.headers, **(headers or {})}, None
        if body is not None:
            headers["Content-Type"] = kind
            content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
        elif form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = urlencode(form, errors="replace").encode()
        return masked_response(
            self._answered(method, path, dict(query or {}), headers, content), self.context.masker
        )

    def _answered(
        self,
        method: str,
        path: str,
        query: Mapping[str, Json],
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> HttpResponse:
        """Return the answer as it is, but for its text, in which secrets are masked."""
        request = HttpRequest(method, self.api.url + path, headers, query, content, tls=self.api.tls)
        if self.api.sign is not None:
            request = self.api.sign(request, self.stop)
        request = replace(request, carried=self.context.carried, mask=self.context.masker)
        return self.context.ports.http.call(request, self.deadline.left(), self.stop)

    def checked(self, response: HttpResponse) -> HttpResponse:
        """Return a response of success. Raises Refused or Unclear for any other."""
        if response.status < 300:
            return response
        if response.status >= 500 or response.status == TIMED_OUT:
            raise self.error(Unclear, response)
        raise self.error(Refused, response)

    def json_of(self, response: HttpResponse) -> Json:
        """Return its JSON. Raises Unclear if there is none: a proxy may have answered in the system's place."""
        if not response.is_json:
            raise self.error(Unclear, response)
        return response.json

    def error(self, kind: type[Error], response: HttpResponse) -> Error:
        """Return the error for this response, with what the system said."""
        text = " ".join(response.text.split())[:SHOWN] if response.is_json else no_json(response)
        error = kind(f"{self.api.name} answered {response.status}: {text}")
        error.status, error.wait = response.status, retry_after(response, self.context.now)
        return error


def credentials(name: str, value: str) -> dict[str, str]:
    """Return the header, whose value has a secret in it. Raises InvalidInput if no header can carry it."""
    if why := why_no_header(name, value):
        raise InvalidInput(why)
    return {name: value}


def web_link(url: Json, otherwise: str) -> str:
    """Return an address that the system gave, if it is one that a browser opens without harm."""
    is_link = isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= 2_000
    return str(url) if is_link else otherwise
