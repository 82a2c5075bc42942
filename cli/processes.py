"""Run a long-lived process until a signal stops it."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import FrameType

import structlog

from cli.compose import Composition, reachable
from cli.environment import environment
from cli.log_setup import NOTHING_TO_HIDE, masker_of, set_up_logging
from cli.readiness import await_database, watch_database
from cli.startup_checks import begin
from cli.tracing import check_tracing, traced
from cli.version import release
from core.definitions.masking import Masker
from core.outage import Outage
from core.services.operations.health import living
from core.settings import Settings

log = structlog.get_logger()


def run(
    name: str,
    process: Callable[[Composition], None],
    *,
    needs: Sequence[str] = (),
    check: Callable[[Composition], object] = lambda _: None,
    waits: bool = True,
    frozen: bool = False,
    supervises: bool = False,
) -> None:
    """Run the process with the settings of the environment, and log its start and its end.

    `needs`: required settings; `check` may validate more. Both raise ConfigurationError before the process starts.
    `waits`: start only when the database is ready; without it the process starts at once and reports what is missing.
    `frozen`: freeze everything first. `supervises`: it only starts processes that do all that by themselves; so it has
    no thread, and they can be forked from it.
    """
    with leaving_on_signal() as leaving:
        settings = Settings.from_environment(environment())
        settings.need(*needs)
        set_up_logging(masker_of(settings, environment()), settings.log, settings.log_level)
        with (
            reachable(settings) as found,
            Composition.of(found) as composition,
            lifetime_logged(name, composition),
        ):
            check(composition)
            check_tracing(settings)
            if waits:
                await_database(composition.unit_of_work)
            begin(composition.unit_of_work, frozen=frozen)
            with nullcontext() if supervises else _alive(name, composition, waits=waits):
                if not leaving.is_set():
                    process(composition)


@contextmanager
def _alive(name: str, composition: Composition, *, waits: bool) -> Iterator[None]:
    """Send traces and heartbeats within the block, and log what the database lacks if nobody has waited for it."""
    if not waits:
        watch_database(composition.unit_of_work)
    signs = living(composition.unit_of_work, name, release(), _outage_of(name))
    with traced(composition.settings, name), signs:
        yield


def _outage_of(name: str) -> Outage | None:
    """Return what logs database outages: needed only by idle workers, since all others query all the time."""
    return Outage(name, "the database") if name == "worker" else None


@contextmanager
def lifetime_logged(name: str, composition: Composition) -> Iterator[None]:
    """Log one line at the start and one at the end, even after an error."""
    settings = composition.settings
    log.info(
        f"{name} starts",
        version=release(),
        database=without_password(settings.database_url or ""),
        redis=without_password(settings.redis_url or ""),
        slack=settings.slack_api_url,
    )
    try:
        yield
    finally:
        log.info(f"{name} stops")


def without_password(url: str) -> str:
    """Return the address without its password and without its query, which may contain one."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    credentials, at, place = rest.rpartition("@")
    return f"{scheme}{separator}{credentials.partition(':')[0]}{at}{place}"


def quiet_logging(masker: Masker = NOTHING_TO_HIDE) -> None:
    """Set up logging for commands that finish by themselves and print their results to the terminal."""
    set_up_logging(masker)


@contextmanager
def leaving_on_signal() -> Iterator[threading.Event]:
    """End the process on SIGTERM or SIGINT with status 0, until it installs handlers of its own.

    A signal may arrive while a library runs our code, and the library may turn SystemExit into an error of its own
    (pydantic raises SchemaError) or swallow it. So the event is set as well, whatever becomes of the exit.
    """
    leave, report = _Leave(), sys.unraisablehook
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    sys.unraisablehook = lambda dropped: None if leave.is_cause_of(dropped) else report(dropped)
    try:
        yield leave.leaving
    except Exception as error:
        if leave.leaving.is_set():
            raise SystemExit(0) from error
        raise
    finally:
        sys.unraisablehook = report


class _Leave:
    """The handler of `leaving_on_signal`. `leaving`: whether a signal has come."""

    def __init__(self) -> None:
        self.leaving = threading.Event()

    def is_cause_of(self, dropped: "sys.UnraisableHookArgs") -> bool:
        """Whether Python has dropped our exit: then `stopping` makes up for it, and it is no mistake to report."""
        return self.leaving.is_set() and isinstance(dropped.exc_value, SystemExit)

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.leaving.set()
        raise SystemExit(0)


def stopping() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set.

    Raises SystemExit if one of them came before, and whoever ran our code at that moment has swallowed the exit.
    """
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = [signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)]
    if any(isinstance(handler, _Leave) and handler.leaving.is_set() for handler in before):
        raise SystemExit(0)
    return stop
