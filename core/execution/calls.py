"""HTTP calls of steps and actions: rendered, called, and judged by `expect`."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from pydantic import JsonValue

from core.decisions.execution import Failed, Json, StepResult, Succeeded, Uncertain
from core.definitions.expressions import compile_expression
from core.definitions.templates import render, render_text
from core.definitions.urls import render_url
from core.errors import InvalidInput, RunbookError
from core.outside.attempt import Deadline
from core.outside.http import HttpRequest, HttpResponse, NoAnswer, NotSent

from .authorization import prepare_auth
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

    def verdict(self, response: HttpResponse) -> StepResult:
        masker = self.context.masker
        seen = {
            "status": response.status,
            "headers": response.headers,
            "text": response.text,
            "json": response.json,
        }
        output: Json = {"status": response.status, "body": masker.mask(response.text)}
        scope = {**self.context.scope, "response": seen}
        try:
            if not compile_expression(self.expect).is_true(scope):
                return Failed(f"Answered {response.status}; expected {self.expect}", output)
            saved = {name: compile_expression(source).evaluate(scope) for name, source in self.save.items()}
        except RunbookError as error:
            return Failed(masker.mask(str(error)), output)
        return Succeeded(output, {name: masker.mask_value(value) for name, value in saved.items()})


def prepare_call(definition: CallDefinition, context: Context) -> Outside:
    """The call, ready to be made. Raises RunbookError where it cannot be rendered."""
    request = _request(definition, context)
    limit = definition.timeout or LIMIT
    authorize = prepare_auth(getattr(definition, "auth", None), context)
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

    return Outside(_shown(request, context), act, lambda: _whole(definition, request, context))


def _request(definition: CallDefinition, context: Context) -> HttpRequest:
    scope = context.scope
    headers = {
        "Idempotency-Key": context.key,
        **{
            name: _header(render_text(value, scope, ("headers", name)), name)
            for name, value in definition.headers.items()
        },
    }
    query = render(getattr(definition, "query", {}), scope, ("query",))
    assert isinstance(query, dict)
    content = _content(definition, context)
    if definition.has_json:
        headers.setdefault("Content-Type", "application/json")
    return HttpRequest(
        definition.method, render_url(definition.url, scope, ("url",)), headers, query, content
    )


def _header(value: str, name: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise InvalidInput(f"The header {name} has a character that no header may have.")
    return value


def _content(definition: CallDefinition, context: Context) -> bytes | None:
    if definition.has_json:
        document = render(definition.json_body, context.scope, ("json",))
        text = json.dumps(document, ensure_ascii=False)  # people read it in the request
        return text.encode("utf-8", "backslashreplace")  # half a surrogate pair becomes its JSON escape again
    body: str | None = getattr(definition, "body", None)
    return render_text(body, context.scope, ("body",)).encode() if body is not None else None


def _shown(request: HttpRequest, context: Context) -> Json:
    """The request as people may see it: secrets masked, headers by name only where they authorise."""
    shown: dict[str, Json] = {"method": request.method, "url": request.url, "key": context.key}
    if request.query:
        shown["query"] = dict(request.query)
    if request.content is not None:
        shown["body"] = request.content.decode("utf-8", errors="replace")
    return context.masker.mask_value(shown)


def _whole(definition: CallDefinition, request: HttpRequest, context: Context) -> Json:
    """The same with the headers that the definition gives it."""
    shown = _shown(request, context)
    given: Json = {name: request.headers[name] for name in definition.headers}
    assert isinstance(shown, dict)
    return {**shown, "headers": context.masker.mask_value(given)} if given else shown
