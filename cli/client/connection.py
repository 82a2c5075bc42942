"""The CLI's REST client and the options that all of its commands share.

Every failure becomes a RunbookError with a sentence and a hint, so commands need no error handling of their own.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Annotated, Any, Self
from urllib.parse import quote

import httpx2
import typer

from cli.environment import environment
from core.error_codes import ErrorCode
from core.errors import ConfigurationError, RunbookError, Unavailable
from core.settings import Settings

Answer = dict[str, Any]

SECONDS = 30.0
PAGE = 200  # the service's maximum page size
ATTEMPTS = 2
IS_IT_UP = "Is the service running? Set its address with --url or RUNBOOK_URL."
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
TOKEN_HINT = "`runbook token create --user SLACK_ID --name NAME` creates one; set RUNBOOK_TOKEN to it."


class Refused(RunbookError):
    """The service refused the request, or something else answered it."""


class Connection:
    """A connection to the service, used as a context manager. `transport` replaces the network.

    `seconds`: how long it waits for an answer.
    """

    def __init__(
        self, url: str, token: str, transport: httpx2.BaseTransport | None = None, seconds: float = SECONDS
    ) -> None:
        """Raises ConfigurationError if the URL is invalid or the token is empty."""
        self._url = _checked(url)
        if not token:
            raise ConfigurationError("RUNBOOK_TOKEN is not set.", hint=TOKEN_HINT)
        self._client = httpx2.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=seconds,
            transport=transport,
            trust_env=self._url.host not in LOOPBACK,  # a proxy cannot reach our loopback
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int) -> Answer:
        """Return the answer. Raises Refused with the service's own sentence, Unavailable if it does not answer."""
        return self._ask("GET", path, params=query)

    def post(
        self, path: str, body: Mapping[str, object] | None = None, *, read_version: int | None = None
    ) -> Answer:
        """Return the answer. If it is lost, the request is sent again with the same `Idempotency-Key`.

        `read_version`: the version of a definition that was read; refused if it is not the newest.
        Raises as `get` does.
        """
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if read_version is not None:
            headers["If-Match"] = f'"{read_version}"'
        return self._ask("POST", path, json=body or {}, headers=headers)

    def delete(self, path: str) -> Answer:
        """Return the answer. If it is lost, the request is sent again: DELETE is idempotent. Raises as `get` does."""
        return self._ask("DELETE", path)

    def lines(self, path: str, *, accept: str = "application/x-ndjson", **query: str) -> Iterator[str]:
        """Yield the lines of an answer as they arrive, by default of JSON Lines. Raises as `get` does."""
        headers = {"Accept": accept}
        try:
            with self._client.stream("GET", path, params=query, headers=headers) as response:
                if response.is_error:
                    response.read()
                    answer_of(response)
                yield from response.iter_lines()
        except httpx2.TransportError as error:
            sentence = f"The answer from {self._url} is incomplete ({type(error).__name__})."
            raise Unavailable(sentence, hint=IS_IT_UP) from error

    def every(self, path: str, name: str, **query: str | int) -> Iterator[Answer]:
        """Yield the entries of a list, page by page; `name` is the list's field in the answer."""
        page = self.get(path, limit=PAGE, **query)
        yield from page[name]
        while cursor := page["next_cursor"]:
            page = self.get(path, limit=PAGE, cursor=cursor, **query)
            yield from page[name]

    def _ask(self, method: str, path: str, **options: Any) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return answer_of(self._client.request(method, path, **options))
            except httpx2.ConnectError as error:
                raise Unavailable(f"Nothing answers at {self._url}.", hint=IS_IT_UP) from error
            except httpx2.TransportError as error:
                if attempt == ATTEMPTS:
                    sentence = f"{self._url} did not answer ({type(error).__name__})."
                    raise Unavailable(
                        sentence, hint="The request may have been carried out; check."
                    ) from error
        raise AssertionError("the last attempt returns or raises")


def _checked(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        hint = "Set --url or RUNBOOK_URL to one such as https://runbook.example.com."
        raise ConfigurationError(f"{text!r} is not a valid address of the service.", hint=hint)
    return url


def answer_of(response: httpx2.Response) -> Answer:
    """Return the JSON object of a successful answer.

    Raises Refused for a problem (RFC 9457), and for an answer that does not come from the service.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or (response.is_error and not isinstance(body.get("detail"), str)):
        sentence = f"{response.request.url} answered {response.status_code}, but not as the service would."
        raise Refused(sentence, hint="Check the service's address: --url or RUNBOOK_URL.")
    if response.is_error:
        if body.get("code") == ErrorCode.UNAUTHENTICATED:
            raise Refused("The token is not valid.", hint=TOKEN_HINT)
        raise Refused(" ".join(body["detail"].split()))
    return body


Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="RUNBOOK_URL",
        show_default=False,
        help="The service's address; by default http://127.0.0.1:$PORT.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the REST API's JSON.")]


def connect(url: str, seconds: float = SECONDS) -> Connection:
    """Connect to `url`, or to the service on this machine if it is empty, with RUNBOOK_TOKEN."""
    return Connection(_address(url), environment().get("RUNBOOK_TOKEN", "").strip(), seconds=seconds)


def checked_url(url: str) -> str:
    """Return the service's address, without a slash at its end. Raises ConfigurationError if it is invalid."""
    return str(_checked(_address(url))).rstrip("/")


def _address(url: str) -> str:
    if url:
        return url
    port = Settings.from_environment({"PORT": environment().get("PORT", "")}).port
    return f"http://127.0.0.1:{port}"


def path(*parts: str) -> str:
    """Return a path under /api; each part is percent-encoded, slashes included."""
    return "/".join(["/api", *(quote(part, safe="") for part in parts)])


def print_json(answer: Answer) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
