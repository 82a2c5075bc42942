"""Traces with OpenTelemetry, from the extra `otel`. Only a process that sends traces imports this module."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from core.tracing import Annotate, Value

_beginning: ContextVar[str | None] = ContextVar("beginning", default=None)


def trace_id_of(origin: str) -> int:
    return int.from_bytes(hashlib.sha256(f"trace {origin}".encode()).digest()[:16])


def span_id_of(origin: str) -> int:
    """Return the id of the span of the request itself."""
    return int.from_bytes(hashlib.sha256(f"span {origin}".encode()).digest()[:8])


class DerivedIds(RandomIdGenerator):
    """Random ids, except for the span of a request, whose ids every process can derive from the request's."""

    def generate_trace_id(self) -> int:
        origin = _beginning.get()
        return trace_id_of(origin) if origin else super().generate_trace_id()

    def generate_span_id(self) -> int:
        origin = _beginning.get()
        return span_id_of(origin) if origin else super().generate_span_id()


class OpenTelemetryTracer:
    """Records spans with OpenTelemetry."""

    def __init__(self, processor: SpanProcessor, process: str) -> None:
        """`process`: such as `worker`; the service's name in the traces is `runbook-worker`."""
        resource = Resource.create({"service.name": f"runbook-{process}"})
        self._provider = TracerProvider(resource=resource, id_generator=DerivedIds())
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("runbook")

    def close(self) -> None:
        """Send what has not been sent yet."""
        self._provider.shutdown()

    @contextmanager
    def span(
        self, name: str, origin: str | None, attributes: Mapping[str, Value | None], *, begins: bool
    ) -> Iterator[Annotate]:
        found = {f"runbook.{key}": value for key, value in attributes.items() if value is not None}
        token = _beginning.set(origin if begins else None)
        try:
            started = self._tracer.start_span(name, context=_around(origin, begins=begins), attributes=found)
        finally:
            _beginning.reset(token)

        def annotate(**more: Value) -> None:
            started.set_attributes({f"runbook.{key}": value for key, value in more.items()})

        with trace.use_span(started, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield annotate
            except Exception as error:
                # Not its words, which may have what somebody wrote.
                started.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise


def _around(origin: str | None, *, begins: bool) -> Context | None:
    """Return the context of a span: empty for a request, the request's for what it caused, None for the present one."""
    if begins:
        return Context()
    if origin is None or trace.get_current_span().get_span_context().is_valid:
        return None
    flags = TraceFlags(TraceFlags.SAMPLED)
    cause = SpanContext(trace_id_of(origin), span_id_of(origin), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(cause), Context())


def open_tracer(url: str, process: str) -> OpenTelemetryTracer:
    """Return a tracer that sends its spans to this address (OTLP over HTTP) from a thread of its own."""
    return OpenTelemetryTracer(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), process)
