"""The log of a process: its form, and no secret in it.

Logs without secrets: what a process was started with is hidden in every line that it says, tracebacks too.

How processes and commands log: one line an event, as text or JSON, with nothing secret in it.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.definitions.masking import Masker
from core.errors import ConfigurationError
from core.io.secret_sources import EnvironmentSecrets
from core.settings import Settings

OF_THE_TERMINAL = ("RUNBOOK_TOKEN",)
CREDENTIALS = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", *OF_THE_TERMINAL)


def masker_of(settings: Settings, environ: Mapping[str, str]) -> Masker:
    """Hides our own credentials, and the secrets of definitions that the environment has."""
    return Masker([*settings.credentials, *_only_given(environ), *EnvironmentSecrets(environ).values()])


def masker_of_environment(environ: Mapping[str, str]) -> Masker:
    """The same where no settings were read yet; with settings that cannot be read, what they are is hidden as it is."""
    try:
        return masker_of(Settings.from_environment(environ), environ)
    except ConfigurationError:
        return Masker([value for name in CREDENTIALS if (value := environ.get(name, "").strip())])


def _only_given(environ: Mapping[str, str]) -> list[str]:
    return [value for name in OF_THE_TERMINAL if (value := environ.get(name, "").strip())]


class MaskedRenderer:
    """The last processor of structlog."""

    def __init__(self, renderer: Processor, masker: Masker) -> None:
        self._renderer, self._masker = renderer, masker

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        return self._masker.mask(str(self._renderer(logger, name, event)))


class MaskedFormatter(logging.Formatter):
    """For what libraries say."""

    def __init__(self, form: str, masker: Masker) -> None:
        super().__init__(form)
        self.masker = masker

    def format(self, record: logging.LogRecord) -> str:
        return self.masker.mask(super().format(record))


Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
NOTHING_TO_HIDE = Masker(())
TEXT_LINE = "%(levelname)s %(name)s: %(message)s"

# Whatever level is set, these say nothing below the one given here.
AT_LEAST = {
    "slack_bolt.App": logging.ERROR,  # it warns of SLACK_BOT_TOKEN, which we read, and of requests that we answer
    "slack_sdk.web.base_client": logging.CRITICAL,  # each caller tells what it makes of an error
    "cel": logging.ERROR,  # it logs what expressions were given
    # they would log addresses and headers
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
    "hvac": logging.WARNING,
    "urllib3": logging.WARNING,
}


def set_up_logging(
    masker: Masker = NOTHING_TO_HIDE,
    form: Form = "text",
    level: Level = "info",
    output: TextIO | None = None,
) -> None:
    """For the whole process, from now on. Of libraries only warnings and errors are told, on standard error.

    `output`: where our own lines go; standard output where it is left out.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler()
    handler.setFormatter(MaskedFormatter(TEXT_LINE, masker) if form == "text" else JsonFormatter(masker))
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)
    for name, at_least in AT_LEAST.items():
        logging.getLogger(name).setLevel(max(least, at_least))
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(least),
        processors=processors(form, masker, colors=(output or sys.stdout).isatty()),
        logger_factory=structlog.PrintLoggerFactory(output),
    )


def processors(form: Form, masker: Masker, *, colors: bool = False) -> list[Processor]:
    """What becomes of an event on its way to a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso", utc=True),
        in_one_line,
    ]
    if form == "json":
        rendered = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        return [*shared, structlog.processors.format_exc_info, MaskedRenderer(rendered, masker)]
    # a plain traceback: the pretty one shows local variables, and secrets with them
    console = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    return [*shared, MaskedRenderer(console, masker)]


def in_one_line(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Nothing that somebody wrote begins a line of its own, or moves a terminal's cursor."""
    return {name: _plain(value) if isinstance(value, str) else value for name, value in event.items()}


def _plain(text: str) -> str:
    joined = " ".join(text.split("\n")) if "\n" in text else text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in joined)


class JsonFormatter(MaskedFormatter):
    """For what libraries say, in the shape of our own lines."""

    def __init__(self, masker: Masker) -> None:
        super().__init__("", masker)

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info and record.exc_info[0] is not None:
            said["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return self.masker.mask(json.dumps(said, ensure_ascii=False, default=str))
