"""HTTP calls of steps and actions: rendered, sent, and judged by `expect`.

Secrets in a response are masked before anything else reads it, so neither expressions nor saved values contain any.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from pydantic import JsonValue

from core.definitions.cel.expressions import compile_expression
from core.definitions.durations import format_duration
from core.definitions.http_requests import Auth, render_url
from core.definitions.masking import Masker
from core.definitions.templates import render, render_text
from core.effects.authorization import prepare_auth, shown_auth
from core.errors import ExpressionError, InvalidInput, RunbookError
from core.execution.preparation import Context, Outside
from core.io.attempts import Deadline
from core.io.http import HttpRequest, NoAnswer, NotSent
from core.io.oauth import TokenRefused
from core.io.response import HttpResponse, no_json, retry_after
from core.values.execution import Failed, Json, StepResult, Succeeded, Uncertain
from core.values.headers import joined, why_no_header


def masked_response(response: HttpResponse, masker: Masker) -> HttpResponse:
    """Return the response with secrets masked. It is searched as a whole: a secret may be split over several parts."""
    headers: Json = dict(response.headers)
    seen = masker.mask_value({"headers": headers, "text": response.text, "json": response.json})
    assert isinstance(seen, dict)
    assert isinstance(seen["headers"], dict)
    shown = {name: str(value) for name, value in seen["headers"].items()}
    return replace(response, headers=shown, text=str(seen["text"]), json=seen["json"])


def masked_saved(saved: Mapping[str, Json], masker: Masker) -> Mapping[str, Json]:
    """Return the saved values, masked once more: an expression may have joined the parts of a split secret.

    Names stay as they are; they come from the definition.
    """
    hidden = masker.mask_value(dict(saved)) if saved else {}
    assert isinstance(hidden, dict)
    return dict(zip(saved, hidden.values(), strict=True))


LIMIT = timedelta(seconds=60)
SAFE_METHODS = frozenset(
    {"GET", "HEAD"}
)  # RFC 9110, 9.2.1: they change nothing, so a missing answer leaves no doubt
SUCCESS = "response.status < 400"
UNAUTHORIZED = 401


class Judged(Protocol):
    """The fields by which it is judged what a step did: within which time, whether it succeeded, what is saved."""

    @property
    def expect(self) -> str | None: ...
    @property
    def save(self) -> dict[str, str]: ...
    @property
    def timeout(self) -> timedelta | None: ...


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
    """Decides whether a response is a success, and what is saved from it. `masker`: hides what signed in, too."""

    expect: str
    save: Mapping[str, str]
    context: Context
    masker: Masker

    def verdict(self, answer: HttpResponse) -> StepResult:
        """Return the step's result. Expressions see the masked response, so they cannot probe for a secret."""
        masker = self.masker
        response = masked_response(answer, masker)
        wait = retry_after(answer, self.context.now)
        output: Json = {"status": response.status, "body": response.text}
        scope = {**self.context.scope, "response": _seen(response)}
        try:
            if not _evaluated(self.expect, scope, response, is_condition=True):
                error_text = f"{_answered(self.expect, response, wait)}; expected {self.expect}"
                return Failed(error_text, output, retry_after=wait)
            saved = {name: _evaluated(source, scope, response) for name, source in self.save.items()}
        except RunbookError as error:
            return Failed(masker.mask(str(error)), output, retry_after=wait)
        return Succeeded(output, masked_saved(saved, masker))


def _seen(response: HttpResponse) -> dict[str, object]:
    """Return the value of `response` in expressions."""
    return {
        "status": response.status,
        "headers": response.headers,
        "text": response.text,
        "json": response.json,
    }


def _evaluated(
    source: str, scope: Mapping[str, object], response: HttpResponse, *, is_condition: bool = False
) -> Json:
    """Return the expression's value. Raises RunbookError; if it reads JSON and the response has none, it says so."""
    expression = compile_expression(source)
    try:
        return expression.is_true(scope) if is_condition else expression.evaluate(scope)
    except ExpressionError:
        if not _lacks_json(source, response):
            raise
        raise ExpressionError(f"`{source}` cannot be evaluated: the answer is {no_json(response)}") from None


def _lacks_json(source: str, response: HttpResponse) -> bool:
    asks = any(f"{path}.".startswith("response.json.") for path in compile_expression(source).paths)
    return asks and not response.is_json


def _answered(expect: str, response: HttpResponse, wait: timedelta | None) -> str:
    said = f"Answered {response.status}"
    if _lacks_json(expect, response):
        said += f", and {no_json(response)}"
    return said if wait is None else f"{said}, retry after {format_duration(wait)}"


def prepare_call(definition: CallDefinition, context: Context) -> Outside:
    """Return the call, ready to be made. Raises RunbookError if it cannot be rendered."""
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
            return Judge(expect, save, context, authorized.masker).verdict(response)
        except TokenRefused as error:
            return Failed(context.masker.mask(str(error)), retry_after=error.retry_after)
        except (NotSent, RunbookError) as error:
            return Failed(context.masker.mask(str(error)))
        except NoAnswer as error:
            reason = context.masker.mask(str(error))
            return Failed(reason) if request.method in SAFE_METHODS else Uncertain(reason)

    return Outside(context.masker.mask_value(_shown(shown, definition, auth, context)), act)


def _request(definition: CallDefinition, scope: Mapping[str, object], context: Context) -> HttpRequest:
    given = {
        name: _header(name, render_text(value, scope, ("headers", name)))
        for name, value in definition.headers.items()
    }
    kind = {"Content-Type": "application/json"} if definition.has_json else {}
    headers = joined({"Idempotency-Key": context.key}, kind, given)
    query = render(getattr(definition, "query", {}), scope, ("query",))
    assert isinstance(query, dict)
    content = _content(definition, scope)
    return HttpRequest(
        definition.method, render_url(definition.url, scope, ("url",)), headers, query, content
    )


def _header(name: str, value: str) -> str:
    if why := why_no_header(name, value):
        raise InvalidInput(why)
    return value


def _content(definition: CallDefinition, scope: Mapping[str, object]) -> bytes | None:
    if definition.has_json:
        document = render(definition.json_body, scope, ("json",))
        text = json.dumps(document, ensure_ascii=False)  # people read it in the request
        return text.encode("utf-8", "backslashreplace")  # a lone surrogate becomes its JSON escape again
    body: str | None = getattr(definition, "body", None)
    return render_text(body, scope, ("body",)).encode() if body is not None else None


def _shown(request: HttpRequest, definition: CallDefinition, auth: Auth | None, context: Context) -> Json:
    """Return the request as people may see it, with each secret replaced by its name.

    Only the headers that the definition sets are shown; the others are always the same.
    """
    shown: dict[str, Json] = {"method": request.method, "url": request.url, "key": context.key}
    if definition.headers:
        shown["headers"] = {
            name: request.headers[name] for name in definition.headers if name in request.headers
        }
    if auth is not None:
        shown["auth"] = shown_auth(auth, context)
    if request.query:
        shown["query"] = dict(request.query)
    if request.content is not None:
        shown["body"] = request.content.decode("utf-8", errors="replace")
    return shown
