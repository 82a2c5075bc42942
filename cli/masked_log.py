"""Logs without secrets: what a process was started with is hidden in every line that it says, tracebacks too."""

import logging
from collections.abc import Mapping

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
