"""Redis servers of a test's own, with the options that it wants."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from cli.demo.stage import reserved_port
from cli.embedded.binaries import valkey_program
from tests.servers.certificates import certificates
from tests.servers.programs import program

Start = Callable[..., int]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A server with these arguments; answers its port."""
    running: list[subprocess.Popen[bytes]] = []

    def started(*arguments: str) -> int:
        with reserved_port(0) as port:
            folder = tmp_path / str(port)
            folder.mkdir()
            first = [str(folder / "conf")] if "--sentinel" in arguments else []
            (folder / "conf").write_text("\n".join(a for a in arguments if a.startswith("sentinel ")))
            options = [a for a in arguments if not a.startswith("sentinel ")]
            command: list[str] = [
                str(valkey_program()),
                *first,
                "--port",
                str(port),
                "--dir",
                str(folder),
                "--save",
                "",
                *options,
            ]
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        until(lambda: bool(Redis(port=port, socket_timeout=1).ping()))
        return port

    yield started
    for process in running:
        process.kill()
        process.wait()


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if is_so():
                return
        except RedisError:
            assert time.monotonic() < deadline
        time.sleep(0.05)


class SecureRedis:
    """Debian's own Redis, and a sentinel of it, with TLS and an account: user `runbook`, whose password is `pass-1`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._running = folder, list["subprocess.Popen[bytes]"]()
        pair = certificates()
        self.authority = folder / "authority.pem"
        self.authority.write_text(pair.authority.certificate)
        (folder / "server.pem").write_text(pair.server.certificate)
        (folder / "server.key").write_text(pair.server.key)
        self.port = self._start("redis-server", ['save ""', "user default off", ACCOUNT])
        watches = [f"sentinel monitor main 127.0.0.1 {self.port} 1", "tls-replication yes"]
        own = ["sentinel auth-user main runbook", "sentinel auth-pass main pass-1"]
        accounts = ["user default off", ACCOUNT.replace("pass-1", "pass-2")]
        self.sentinel = self._start("redis-sentinel", [*watches, *own, *accounts])

    def _start(self, name: str, lines: list[str]) -> int:
        with reserved_port(0) as port:
            tls = [
                f"tls-port {port}",
                "port 0",
                "tls-auth-clients no",
                f"dir {self.folder}",
                "bind 127.0.0.1",
            ]
            files = {"cert": "server.pem", "key": "server.key", "ca-cert": "authority.pem"}
            tls += [f"tls-{what}-file {self.folder / file}" for what, file in files.items()]
            settings = self.folder / f"{name}.conf"
            settings.write_text("\n".join([*tls, *lines]) + "\n")
            self._running.append(subprocess.Popen([program(name), str(settings)], stdout=subprocess.DEVNULL))
        return port

    def stop(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


ACCOUNT = "user runbook on >pass-1 ~* &* +@all"


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[SecureRedis]:
    server = SecureRedis(tmp_path)
    yield server
    server.stop()
