"""A long-running process, until it is told to stop."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

import structlog

from cli.compose import Composition, reachable
from cli.environment import environment
from cli.masked_log import MaskedFormatter, MaskedRenderer, masker_of
from cli.settled import begin
from cli.version import release
from core.definitions.masking import Masker
from core.services.signs import living
from core.settings import Settings

NOTHING_TO_HIDE = Masker(())


def run(kind: str, process: Callable[[Composition], None], *, frozen: bool = False) -> None:
    """The process on what the environment says. `frozen`: it begins with a freeze of everything.

    `kind`: what its signs of life say that it is.
    """
    settings = Settings.from_environment(environment())
    quiet_logging(masker_of(settings, environment()))
    with reachable(settings) as found, Composition.of(found) as composition:
        begin(composition.service, frozen=frozen)
        with living(composition.service, kind, release()):
            process(composition)


def quiet_logging(masker: Masker = NOTHING_TO_HIDE) -> None:
    """One line an event, from warnings up for libraries; secrets are hidden in all of them."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskedFormatter("%(levelname)s %(name)s: %(message)s", masker))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso", utc=True),
            # a plain traceback: the pretty one shows local variables, and secrets with them
            MaskedRenderer(
                structlog.dev.ConsoleRenderer(
                    colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
                ),
                masker,
            ),
        ],
    )
    logging.getLogger("slack_bolt.App").setLevel(logging.ERROR)  # it warns of SLACK_BOT_TOKEN, which we read
    logging.getLogger("cel").setLevel(logging.ERROR)  # it logs what expressions were given
    for client in (
        "httpx2",
        "httpcore2",
        "hvac",
        "urllib3",
    ):  # whatever the level, they would log addresses and headers
        logging.getLogger(client).setLevel(logging.WARNING)


def stopping() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop
