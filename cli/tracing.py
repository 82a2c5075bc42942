"""Gives a process its tracer, if the settings ask for traces."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from core.errors import ConfigurationError
from core.settings import Settings
from core.tracing import trace_with


def check_tracing(settings: Settings) -> None:
    """Raise ConfigurationError if RUNBOOK_TRACES_URL is set without the extra `otel`."""
    if settings.traces_url and find_spec("opentelemetry") is None:
        hint = "Install it with the package, runbook[otel], or unset RUNBOOK_TRACES_URL."
        raise ConfigurationError(
            "RUNBOOK_TRACES_URL is set, but the extra `otel` is not installed.", hint=hint
        )


@contextmanager
def traced(settings: Settings, process: str) -> Iterator[None]:
    """Send traces within the block, if RUNBOOK_TRACES_URL is set. Raises ConfigurationError as `check_tracing` does."""
    if not settings.traces_url:
        yield
        return
    check_tracing(settings)
    tracer = importlib.import_module("cli.traces").open_tracer(settings.traces_url, process)
    trace_with(tracer)
    try:
        yield
    finally:
        trace_with(None)
        tracer.close()
