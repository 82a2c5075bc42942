"""Lets other systems do forty steps, too, in turn with ours: `make bench-peers`."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from bench.forty_steps import Seconds
from bench.place import Place
from cli.embedded import create_database
from core.errors import Unavailable

ROOT = Path(__file__).resolve().parent.parent
PEERS = {
    "DBOS": "dbos_steps",
    "Procrastinate, forty jobs": "procrastinate_steps",
    "Celery, a chain (not durable)": "celery_steps",
    "Prefect": "prefect_steps",
}


@contextmanager
def running_peers(place: Place, owner_url: str, python: Path) -> Iterator[dict[str, Callable[[], Seconds]]]:
    """Yield what lets each peer take its turn. `python`: of the environment in which the peers are installed."""
    with ExitStack() as stack:
        yield {
            name: partial(_take_turn, name, stack.enter_context(_running(place, owner_url, python, module)))
            for name, module in PEERS.items()
        }


@contextmanager
def _running(place: Place, owner_url: str, python: Path, module: str) -> Iterator["subprocess.Popen[str]"]:
    log = place.folder / f"{module}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [python, "-m", f"bench.peers.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env=_environment(place, owner_url, module),
        )
    with process:
        try:
            if _line_of(process) != "ready":
                raise Unavailable(f"{module} does not start:\n{log.read_text()[-2000:]}")
            yield process
        finally:
            process.terminate()


def _environment(place: Place, owner_url: str, module: str) -> Mapping[str, str]:
    """Return the environment: a database of its own beside ours, and our Redis. Nothing is reported to anybody."""
    url = create_database(owner_url, f"peer_{module}").replace("postgresql+psycopg:", "postgresql:")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(place.folder),
        "PEER_DATABASE_URL": url,
        "PEER_REDIS_URL": place.environment["REDIS_URL"].replace(
            "unix:", "redis+socket:"
        ),  # as Celery spells it
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
    }


def _take_turn(name: str, process: "subprocess.Popen[str]") -> Seconds:
    assert process.stdin is not None
    print(file=process.stdin, flush=True)
    answer = _line_of(process)
    if not answer:
        raise Unavailable(f"{name} has ended.")
    elapsed, processor = json.loads(answer)
    return elapsed, processor


def _line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
