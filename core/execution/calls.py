"""HTTP calls of steps and actions: rendered, called, and judged by `expect`."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from pydantic import JsonValue

from core.decisions.execution import Failed, Json, StepResult, Succeeded, Uncertain
from core.definitions.auth import Auth
from core.definitions.expressions import compile_expression
from core.definitions.templates import render, render_text
from core.definitions.urls import render_url
from core.errors import InvalidInput, RunbookError
from core.outside.attempt import Deadline
from core.outside.http import HttpRequest, HttpResponse, NoAnswer, NotSent

from .answers import masked_response, masked_saved
from .authorization import prepare_auth, shown_auth
from .preparation import Context, Outside

LIMIT = timedelta(seconds=60)
SAFE_METHODS = frozenset({"GET", "HEAD"})  # RFC 9110, 9.2.1: they ask for no change, so no answer is no doubt
SUCCESS = "response.status < 400"
UNAUTHORIZED = 401


class CallDefinition(Protocol):
    """What the `http` step and the `webhook` action have in common."""

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def json_body(self) -> JsonValue: ...
    @property
    def has_json(self) -> bool: ...
    @property
    def expect(self) -> str | None: ...
    @property
    def timeout(self) -> timedelta | None: ...


@dataclass(frozen=True)
class Judge:
    """What makes an answer a success, and what of it is kept."""

    expect: str
    save: Mapping[str, str]
    context: Context

    def verdict(self, answer: HttpResponse) -> StepResult:
        """Expressions see the answer with secrets hidden: they can ask nothing about one."""
        masker = self.context.masker
        response = masked_response(answer, masker)
        seen = {
            "status": response.status,
            "headers": response.headers,
            "text": response.text,
            "json": response.json,
        }
        output: Json = {"status": response.status, "body": response.text}
        scope = {**self.context.scope, "response": seen}
        try:
            if not compile_expression(self.expect).is_true(scope):
                return Failed(f"Answered {response.status}; expected {self.expect}", output)
            saved = {name: compile_expression(source).evaluate(scope) for name, source in self.save.items()}
        except RunbookError as error:
            return Failed(masker.mask(str(error)), output)
        return Succeeded(output, masked_saved(saved, masker))


def prepare_call(definition: CallDefinition, context: Context) -> Outside:
    """The call, ready to be made. Raises RunbookError where it cannot be rendered."""
    auth = getattr(definition, "auth", None)
    shown = _request(definition, context.shown_scope, context)
    request = _request(definition, context.scope, context)
    authorize = prepare_auth(auth, context)
    request = replace(request, carried=context.carried, shown_url=shown.url, mask=context.masker)
    limit = definition.timeout or LIMIT
    expect, save = definition.expect or SUCCESS, getattr(definition, "save", {})

    def act(stop: threading.Event) -> StepResult:
        try:
            deadline = Deadline.after(limit)
            authorized = authorize(limit, stop)
            response = context.ports.http.call(authorized.added_to(request), deadline.left(), stop)
            if response.status == UNAUTHORIZED:
                authorized.forget()
            return Judge(expect, save, replace(context, masker=authorized.masker)).verdict(response)
        except (NotSent, RunbookError) as error:
            return Failed(context.masker.mask(str(error)))
        except NoAnswer as error:
            reason = context.masker.mask(str(error))
            return Failed(reason) if request.method in SAFE_METHODS else Uncertain(reason)

    return Outside(context.masker.mask_value(_shown(shown, definition, auth, context)), act)


def _request(definition: CallDefinition, scope: Mapping[str, object], context: Context) -> HttpRequest:
    headers = {
        "Idempotency-Key": context.key,
        **{
            name: _header(render_text(value, scope, ("headers", name)), name)
            for name, value in definition.headers.items()
        },
    }
    query = render(getattr(definition, "query", {}), scope, ("query",))
    assert isinstance(query, dict)
    content = _content(definition, scope)
    if definition.has_json:
        headers.setdefault("Content-Type", "application/json")
    return HttpRequest(
        definition.method, render_url(definition.url, scope, ("url",)), headers, query, content
    )


def _header(value: str, name: str) -> str:
    if not (value.isascii() and value.isprintable() and value == value.strip()):
        raise InvalidInput(f"The header {name} has a character that no header may have.")
    return value


def _content(definition: CallDefinition, scope: Mapping[str, object]) -> bytes | None:
    if definition.has_json:
        document = render(definition.json_body, scope, ("json",))
        text = json.dumps(document, ensure_ascii=False)  # people read it in the request
        return text.encode("utf-8", "backslashreplace")  # half a surrogate pair becomes its JSON escape again
    body: str | None = getattr(definition, "body", None)
    return render_text(body, scope, ("body",)).encode() if body is not None else None


def _shown(request: HttpRequest, definition: CallDefinition, auth: Auth | None, context: Context) -> Json:
    """The request as people may see it: in the place of each secret stands which one it is.

    Headers are shown where the definition has them, by whatever name: others say nothing new.
    """
    shown: dict[str, Json] = {"method": request.method, "url": request.url, "key": context.key}
    if definition.headers:
        shown["headers"] = {name: request.headers[name] for name in definition.headers}
    if auth is not None:
        shown["auth"] = shown_auth(auth, context)
    if request.query:
        shown["query"] = dict(request.query)
    if request.content is not None:
        shown["body"] = request.content.decode("utf-8", errors="replace")
    return shown
