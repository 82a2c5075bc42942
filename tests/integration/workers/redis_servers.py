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
