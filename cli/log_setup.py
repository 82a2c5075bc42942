"""Set up logging: one line per event, as text or JSON, with secrets masked everywhere, tracebacks included."""

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
    """Return a masker for our own credentials and for the definitions' secrets in the environment."""
    return Masker([*settings.credentials, *_only_given(environ), *EnvironmentSecrets(environ).values()])


def masker_of_environment(environ: Mapping[str, str]) -> Masker:
    """Return the same masker from the environment alone; if the settings are invalid, it masks their raw values."""
    try:
        return masker_of(Settings.from_environment(environ), environ)
    except ConfigurationError:
        return Masker([value for name in CREDENTIALS if (value := environ.get(name, "").strip())])


def _only_given(environ: Mapping[str, str]) -> list[str]:
    return [value for name in OF_THE_TERMINAL if (value := environ.get(name, "").strip())]


class MaskedRenderer:
    """The last structlog processor: renders the event and masks secrets."""

    def __init__(self, renderer: Processor, masker: Masker) -> None:
        self._renderer, self._masker = renderer, masker

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        return self._masker.mask(str(self._renderer(logger, name, event)))


class MaskedFormatter(logging.Formatter):
    """Formats the log records of libraries, with secrets masked."""

    def __init__(self, form: str, masker: Masker) -> None:
        super().__init__(form)
        self.masker = masker

    def format(self, record: logging.LogRecord) -> str:
        return self.masker.mask(super().format(record))


Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
NOTHING_TO_HIDE = Masker(())
TEXT_LINE = "%(levelname)s %(name)s: %(message)s"

# Minimum levels of these loggers, whatever level is set.
AT_LEAST = {
    "slack_bolt.App": logging.ERROR,  # warns about SLACK_BOT_TOKEN, which we set, and about requests that we answer
    "slack_sdk.web.base_client": logging.CRITICAL,  # each caller reports its errors itself
    "cel": logging.ERROR,  # logs the values that expressions are given
    # these would log addresses and headers
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
    "hvac": logging.WARNING,
    "urllib3": logging.WARNING,
    "paramiko": logging.CRITICAL,  # the step reports its errors
}


def set_up_logging(
    masker: Masker = NOTHING_TO_HIDE,
    form: Form = "text",
    level: Level = "info",
    output: TextIO | None = None,
) -> None:
    """Configure logging for the whole process. Libraries log only warnings and errors, to standard error.

    `output`: the stream for our own lines, by default standard output.
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
    """Return the structlog processors that turn an event into a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso", utc=True),
        in_one_line,
    ]
    if form == "json":
        rendered = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        return [*shared, structlog.processors.format_exc_info, MaskedRenderer(rendered, masker)]
    # a plain traceback: the pretty one shows local variables, and so secrets
    console = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    return [*shared, MaskedRenderer(console, masker)]


def in_one_line(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Escape line breaks and control characters, so that no value can forge a line or move the terminal's cursor."""
    return {name: _plain(value) if isinstance(value, str) else value for name, value in event.items()}


def _plain(text: str) -> str:
    joined = " ".join(text.split("\n")) if "\n" in text else text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in joined)


class JsonFormatter(MaskedFormatter):
    """Formats the log records of libraries as JSON, in the shape of our own lines."""

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
