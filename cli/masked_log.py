"""Logs without secrets: what a process was started with is hidden in every line that it says, tracebacks too."""

import logging
from collections.abc import Mapping

import structlog
from structlog.typing import EventDict, WrappedLogger

from core.definitions.masking import Masker
from core.outside.secret_sources import EnvironmentSecrets
from core.settings import Settings


def masker_of(settings: Settings, environ: Mapping[str, str]) -> Masker:
    """Hides our own credentials, and the secrets of definitions that the environment has."""
    return Masker([*settings.credentials, *EnvironmentSecrets(environ).values()])


class MaskedRenderer:
    """The last processor of structlog."""

    def __init__(self, renderer: structlog.dev.ConsoleRenderer, masker: Masker) -> None:
        self._renderer, self._masker = renderer, masker

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        return self._masker.mask(str(self._renderer(logger, name, event)))


class MaskedFormatter(logging.Formatter):
    """For what libraries say."""

    def __init__(self, form: str, masker: Masker) -> None:
        super().__init__(form)
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        return self._masker.mask(super().format(record))
