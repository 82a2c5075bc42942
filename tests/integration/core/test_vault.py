"""Secrets in HashiCorp Vault: by its own client, against a small server that answers as KV version 2 does."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.definitions.secret import VaultSource
from core.errors import ConfigurationError, NotFound, RunbookError, Unavailable
from core.execution.secrets import SecretValues
from core.io.secret_sources import EnvironmentSecrets
from core.io.vault import FRESH_SECONDS, VaultSecrets

TOKEN, VALUE = "hvs.the-token-of-vault", "the value in vault"


@dataclass
class FakeVault:
    """`secrets`: fields by MOUNT/PATH. `status`: what it answers to everything, if not 200."""

    url: str = ""
    secrets: dict[str, dict[str, object]] = field(default_factory=dict)
    status: int = 200
    asked: list[tuple[str, str]] = field(default_factory=list)
    namespaces: list[str | None] = field(default_factory=list)

    def answer(self, path: str, token: str) -> tuple[int, object]:
        self.asked.append((path, token))
        if self.status != 200:
            return self.status, {"errors": [f"no: {VALUE}"]}
        if token != TOKEN:
            return 403, {"errors": ["permission denied"]}
        mount, _, rest = path.removeprefix("/v1/").partition("/data/")
        found = self.secrets.get(f"{mount}/{rest}")
        if found is None:
            return 404, {"errors": []}
        return 200, {"data": {"data": found, "metadata": {"version": 1}}}


@pytest.fixture
def vault() -> Iterator[FakeVault]:
    fake = FakeVault(secrets={"kv/db": {"url": VALUE, "port": 5432, "empty": ""}, "team/a/b": {"x": "deep"}})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.namespaces.append(self.headers.get("X-Vault-Namespace"))
            status, answer = fake.answer(self.path, self.headers.get("X-Vault-Token", ""))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 as in the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def source(place: str, name: str) -> VaultSource:
    return VaultSource.model_validate({"vault": place, "field": name})


def test_a_field_is_read_with_the_token_and_for_a_few_seconds_no_more(vault: FakeVault) -> None:
    time = [0.0]
    secrets = VaultSecrets(vault.url, TOKEN, namespace="ours", now=lambda: time[0])
    values = SecretValues(EnvironmentSecrets({}), vault=secrets)
    assert values.read(source("kv/db", "url")) == VALUE
    assert values.read(source("team/a/b", "x")) == "deep"
    assert values.read(source("kv/db", "url")) == VALUE
    assert [path for path, _ in vault.asked] == ["/v1/kv/data/db", "/v1/team/data/a/b"]
    assert set(vault.namespaces) == {"ours"}
    vault.secrets["kv/db"]["url"] = "rotated"
    time[0] += FRESH_SECONDS + 1
    assert values.read(source("kv/db", "url")) == "rotated"


def test_the_tokens_file_is_read_again_each_time(vault: FakeVault, tmp_path: Path) -> None:
    file, time = tmp_path / "token", [0.0]
    file.write_text("old\n")
    secrets = VaultSecrets(vault.url, file, now=lambda: time[0])
    with pytest.raises(ConfigurationError, match="Vault does not allow us to read kv/db"):
        secrets.read("kv/db", "url")
    file.write_text(f"{TOKEN}\n")
    assert secrets.read("kv/db", "url") == VALUE


@pytest.mark.parametrize(
    ("status", "place", "name", "error", "said"),
    [
        (200, "kv/none", "url", NotFound, "Vault has nothing at kv/none."),
        (200, "kv/db", "none", NotFound, "Vault has no field none at kv/db."),
        (200, "kv/db", "empty", NotFound, "Vault has no field empty at kv/db."),
        (200, "kv/db", "port", NotFound, "Vault has no field port at kv/db."),
        (403, "kv/db", "url", ConfigurationError, "VAULT_TOKEN or VAULT_TOKEN_FILE needs a policy"),
        (500, "kv/db", "url", Unavailable, "Vault did not return kv/db: InternalServerError."),
        (503, "kv/db", "url", Unavailable, "Vault did not return kv/db: VaultDown."),
    ],
)
def test_what_goes_wrong_is_a_sentence_without_a_value(
    vault: FakeVault, status: int, place: str, name: str, error: type[RunbookError], said: str
) -> None:
    vault.status = status
    with pytest.raises(error, match=said) as raised:
        VaultSecrets(vault.url, TOKEN).read(place, name)
    assert VALUE not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_vault_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(Unavailable, match="Vault did not return kv/db: ConnectionError"):
        VaultSecrets("http://127.0.0.1:9", TOKEN).read("kv/db", "url")


def test_without_vault_its_secrets_cannot_be_read() -> None:
    with pytest.raises(ConfigurationError, match=r"Set VAULT_ADDR"):
        SecretValues(EnvironmentSecrets({})).read(source("kv/db", "url"))
