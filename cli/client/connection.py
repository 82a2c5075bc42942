"""Asking the service over REST, with the options that say where.

Asking the service over REST: a token, JSON in both directions, and a sentence for whatever goes wrong.

The options that all verbs have, and the connection that they lead to.
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
PAGE = 200  # the most that the service gives at once
ATTEMPTS = 2
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
TOKEN_HINT = "`runbook token create --user SLACK_ID --name NAME` makes one; set RUNBOOK_TOKEN to it."


class Refused(RunbookError):
    """The service refused."""


class Connection:
    """One terminal's connection with the service, as a context. `transport`: another way than the network."""

    def __init__(self, url: str, token: str, transport: httpx2.BaseTransport | None = None) -> None:
        """Raises ConfigurationError for an address that is none, and without a token."""
        self._url = _checked(url)
        if not token:
            raise ConfigurationError("RUNBOOK_TOKEN is not set.", hint=TOKEN_HINT)
        self._client = httpx2.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=SECONDS,
            transport=transport,
            trust_env=self._url.host not in LOOPBACK,  # no proxy stands before this machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int) -> Answer:
        """Raises Refused with the service's own sentence, Unavailable where it does not answer."""
        return self._ask("GET", path, params=query)

    def post(
        self, path: str, body: Mapping[str, object] | None = None, *, read_version: int | None = None
    ) -> Answer:
        """Raises as `get` does. Where the answer is lost it is asked again, under the same `Idempotency-Key`.

        `read_version`: of a definition; it is refused where that is not the newest one.
        """
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if read_version is not None:
            headers["If-Match"] = f'"{read_version}"'
        return self._ask("POST", path, json=body or {}, headers=headers)

    def delete(self, path: str) -> Answer:
        """Raises as `get` does. Where the answer is lost it is asked again: it is gone by then, or goes now."""
        return self._ask("DELETE", path)

    def lines(self, path: str, **query: str) -> Iterator[str]:
        """The lines of an answer in JSON Lines, as they come. Raises as `get` does."""
        headers = {"Accept": "application/x-ndjson"}
        try:
            with self._client.stream("GET", path, params=query, headers=headers) as response:
                if response.is_error:
                    response.read()
                    answer_of(response)
                yield from response.iter_lines()
        except httpx2.TransportError as error:
            sentence = f"{self._url} gave no whole answer ({type(error).__name__})."
            raise Unavailable(sentence, hint="Is it up? --url or RUNBOOK_URL says where it is.") from error

    def every(self, path: str, name: str, **query: str | int) -> Iterator[Answer]:
        """The entries of a list, page after page; `name` is what the list is called in the answer."""
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
                hint = "Is it up? --url or RUNBOOK_URL says where it is."
                raise Unavailable(f"Nothing answers at {self._url}.", hint=hint) from error
            except httpx2.TransportError as error:
                if attempt == ATTEMPTS:
                    sentence = f"{self._url} gave no answer ({type(error).__name__})."
                    raise Unavailable(sentence, hint="What was asked for may have happened; look.") from error
        raise AssertionError("the last attempt returns or raises")


def _checked(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        hint = "Such as https://runbook.example.com, from --url or RUNBOOK_URL."
        raise ConfigurationError(f"{text!r} is no address of the service.", hint=hint)
    return url


def answer_of(response: httpx2.Response) -> Answer:
    """The JSON object of a good answer. Raises Refused for a problem (RFC 9457), and for what is no answer of ours."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or (response.is_error and not isinstance(body.get("detail"), str)):
        sentence = f"{response.request.url} answered {response.status_code}, and not as the service would."
        raise Refused(sentence, hint="--url or RUNBOOK_URL says where the service is.")
    if response.is_error:
        if body.get("code") == ErrorCode.UNAUTHENTICATED:
            raise Refused("This token is not good.", hint=TOKEN_HINT)
        raise Refused(" ".join(body["detail"].split()))
    return body


Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="RUNBOOK_URL",
        show_default=False,
        help="Where the service is; without it http://127.0.0.1:$PORT.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, as the REST API does.")]


def connect(url: str) -> Connection:
    """To the address given, or to this machine's; with the token of the environment."""
    if not url:
        port = Settings.from_environment({"PORT": environment().get("PORT", "")}).port
        url = f"http://127.0.0.1:{port}"
    return Connection(url, environment().get("RUNBOOK_TOKEN", "").strip())


def path(*parts: str) -> str:
    """A path under /api; whatever is in a part stays in it."""
    return "/".join(["/api", *(quote(part, safe="") for part in parts)])


def print_json(answer: Answer) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
