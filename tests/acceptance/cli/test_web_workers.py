"""`runbook web --workers N`: N processes serve one port; a lost one is replaced, and a stop ends all of them."""

import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine

from cli.demo.stage import port_near
from cli.embedded import Services
from tests.acceptance.cli.processes import Operator, Started
from tests.acceptance.cli.test_concurrency import children_of, until


@pytest.fixture
def environment(engine: Engine, services: Services, tmp_path: Path) -> Mapping[str, str]:
    assert services.redis_url is not None
    return {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": services.redis_url,
        "RUNBOOK_HOME": str(tmp_path),
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "secret",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "PORT": str(port_near(0)),
        "RUNBOOK_LOG": "json",
    }


def is_alive(port: str) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def await_listening(web: Started, count: int) -> None:
    until(lambda: web.printed.count('"web listens"') == count, web)


def test_they_share_the_port_and_end_together(operator: Operator, environment: Mapping[str, str]) -> None:
    port = environment["PORT"]
    with operator.started(environment, "web", "--workers", "2") as web:
        await_listening(web, 2)
        assert all(is_alive(port) for _ in range(20))
        lost, other = children_of(web.process.pid)
        os.kill(lost, signal.SIGKILL)
        await_listening(web, 3)
        assert all(is_alive(port) for _ in range(20))
        processes = children_of(web.process.pid)
        assert other in processes
        assert web.ends() == 0, web.printed
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)
    assert "Traceback" not in web.printed


def test_one_process_and_several_follow_each_other_at_once(
    operator: Operator, environment: Mapping[str, str]
) -> None:
    """Red before: a connection that the server had closed kept the port for a minute."""
    for workers in ("1", "2", "1"):
        with operator.started(environment, "web", "--workers", workers) as web:
            await_listening(web, int(workers))
            with socket.create_connection(("127.0.0.1", int(environment["PORT"]))) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                while connection.recv(1_000):
                    pass
            assert web.ends() == 0, web.printed


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_somebody_else_has_is_named(
    operator: Operator, environment: Mapping[str, str], workers: str
) -> None:
    """Red before: two installations with several processes each shared the port, and so each other's requests."""
    with operator.started(environment, "web", "--workers", workers) as other:
        until(lambda: is_alive(environment["PORT"]), other)
        with operator.started(environment, "web", "--workers", "2") as web:
            assert web.process.wait(30)
            assert web.process.status == 1
        assert (
            f"Cannot listen on port {environment['PORT']} of 127.0.0.1: address already in use."
            in web.printed
        )
