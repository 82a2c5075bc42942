"""The long-running processes, each until it is told to stop."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType

import structlog
import uvicorn

from bot.socket import run_socket
from cli.compose import Composition
from workers import jobs
from workers.clock import run_clock
from workers.worker import work

EVERYWHERE = "0.0.0.0"  # noqa: S104 where there is a public address, a proxy stands before us

Process = Callable[[Composition, Mapping[str, str]], None]


def quiet_logging() -> None:
    """One line an event, from warnings up for libraries."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso", utc=True),
            # a plain traceback: the pretty one shows local variables, and secrets with them
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
    )
    logging.getLogger("slack_bolt.App").setLevel(logging.ERROR)  # it warns of SLACK_BOT_TOKEN, which we read
    logging.getLogger("cel").setLevel(logging.ERROR)  # it logs what expressions were given


def stopping() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def web(composition: Composition, _environ: Mapping[str, str]) -> None:
    uvicorn.run(
        composition.web_app(),
        host=EVERYWHERE if composition.settings.public_url else "127.0.0.1",
        port=composition.settings.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
    )


def socket(composition: Composition, _environ: Mapping[str, str]) -> None:
    composition.settings.need("SLACK_APP_TOKEN")
    run_socket(composition.bolt_app(), composition.settings.slack_app_token, stopping())


def poster(composition: Composition, _environ: Mapping[str, str]) -> None:
    composition.poster().run(stopping())


def clock(composition: Composition, _environ: Mapping[str, str]) -> None:
    run_clock(composition.service, stopping())


def worker(composition: Composition, environ: Mapping[str, str]) -> None:
    executor = composition.executor(environ)
    jobs.use(executor)
    assert composition.settings.redis_url is not None
    work(composition.settings.redis_url, executor.stopping, executor.hurry)


PROCESSES: dict[str, Process] = {
    "web": web,
    "socket": socket,
    "poster": poster,
    "worker": worker,
    "clock": clock,
}
