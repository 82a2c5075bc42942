"""The forkserver: a process that has imported everything, and forks the processes under test.

An import costs seconds, a fork milliseconds: so a thousand processes can die in minutes. It reads orders from its
standard input, one JSON object a line (`arguments`, `environment`, `output`, `errors`), and answers with
`{"pid": …}`; of each end it says `{"pid": …, "status": …}`.
"""

import faulthandler
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from sqlalchemy.orm import configure_mappers

import bot
import cli
import core
import workers
from bot.poster import claims
from chaos import armed
from chaos.hosts.namespaces import enter
from cli.attached import attach
from core.definitions.kinds import build_models
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller

HURRY = "CHAOS_HURRY"  # how many times faster than Slack's pace posters are
NAMESPACE = "CHAOS_NAMESPACE"  # the network namespace that a process works in; by default ours
LOOK_SECONDS = 0.05
TELL_STACKS = signal.SIGUSR1  # has a process write what each of its threads does

Order = dict[str, Any]


def main() -> None:
    serve(be)


def serve(be: Callable[[Order], None]) -> None:
    """Fork a child for each order; `be` is what a child does."""
    import_all(core, bot, workers, cli)
    _warm_up()
    assert threading.active_count() == 1, "a thread would not be in the children"
    gc.freeze()
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    child = _tend(orders, answers)
    if child is not None:
        be(child)


def import_all(*packages: ModuleType) -> None:
    """Every module of theirs but those that are programs: what processes import late they find here."""
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)


def _warm_up() -> None:
    """Build what each process would build for itself, which is half of the time that it takes to begin."""
    build_models()
    configure_mappers()
    HttpCaller(EgressPolicy.parse(())).close()  # reads the certificate authorities


def _tend(orders: TextIO, answers: TextIO) -> Order | None:
    """Until there are no more orders: None; in a child: what it is to be."""
    while True:
        if select.select([orders], [], [], LOOK_SECONDS)[0]:
            line = orders.readline()
            if not line:
                return None
            order: Order = json.loads(line)
            forkserver = os.getpid()
            pid = os.fork()
            if pid == 0:
                attach(forkserver)
                return order
            _say(answers, pid=pid)
        _tell_of_the_dead(answers)


def _tell_of_the_dead(answers: TextIO) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _say(answers, pid=ended[0], status=os.waitstatus_to_exitcode(ended[1]))


def _say(answers: TextIO, **what: int) -> None:
    print(json.dumps(what), file=answers, flush=True)


def be(order: Order) -> None:
    """`runbook ARGUMENT…` with its faults."""
    become_process(order)
    if namespace := os.environ.get(NAMESPACE):
        enter(Path(namespace))
    hurry(float(os.environ.get(HURRY, "1")))
    faulthandler.register(TELL_STACKS)
    armed.main()


def become_process(order: Order) -> None:
    """A process of its own: session, arguments, environment, and its output in the files that the order names."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    output, errors = (
        os.open(order[name], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for name in ("output", "errors")
    )
    for source, sink in ((null, 0), (output, 1), (errors, 2)):
        os.dup2(source, sink)
        os.close(source)
    os.environ.clear()
    os.environ.update(order["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["runbook", *order["arguments"]]


def hurry(times: float) -> None:
    """The sandbox takes more than Slack does: a thousand runs show all their messages in minutes, not in hours."""
    claims.POST_EVERY, claims.UPDATE_EVERY = claims.POST_EVERY / times, claims.UPDATE_EVERY / times
    assert timedelta(0) < claims.UPDATE_EVERY


if __name__ == "__main__":
    main()
