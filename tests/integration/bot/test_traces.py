"""One trace: from Slack's request over every step to the last message, whatever process each of them is in."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.app import create_bolt_app
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.slack_http import slack_route
from bot.web import create_web
from cli.traces import OpenTelemetryTracer, span_id_of, trace_id_of
from core.services.executions.kinds import RUNBOOK
from core.tables import Incident, RunbookExecution
from core.tracing import is_traced, span, trace_with
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from tests.acceptance.slack.requests import SECRET, command_form, ours, signed_headers
from tests.integration.bot.world import CHANNEL, OPS, BotWorld

NOBODY_LISTENS = "http://127.0.0.1:9/api/"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(exporter), "test")
    trace_with(tracer)
    yield exporter
    trace_with(None)
    tracer.close()


@pytest.fixture
def web(unit_of_work: UnitOfWorkFactory, incident: Incident) -> Iterator[TestClient]:
    app = create_bolt_app(unit_of_work, workspace=ours, token="xoxb-1", api_url=NOBODY_LISTENS)
    web = create_web(
        unit_of_work,
        slack=slack_route(app, SECRET),
        rest=RestSettings(),
        pages=PageSettings(RunLinks("", "secret")),
        newest_revision=newest_revision(),
    )
    with TestClient(web) as client:
        yield client


def requested(web: TestClient, runbook: str) -> str:
    """The id of the request by which Slack asked for a run."""
    form = command_form(OPS, CHANNEL, f"run {runbook}", "trigger.1")
    answer = web.post("/slack/events", content=form, headers=signed_headers(form))
    assert answer.status_code == 200
    return answer.headers["X-Request-Id"]


def named(found: list[ReadableSpan], name: str) -> list[ReadableSpan]:
    return [each for each in found if each.name == name]


def parent_of(each: ReadableSpan) -> int | None:
    return each.parent.span_id if each.parent is not None else None


def id_of(each: ReadableSpan) -> int:
    context = each.get_span_context()
    assert context is not None
    return context.span_id


def test_from_slacks_request_to_the_last_step_and_its_message(
    web: TestClient, world: BotWorld, spans: InMemorySpanExporter
) -> None:
    request_id = requested(web, "gated")
    world.work()
    with world.unit_of_work.begin() as work:
        run = work.session.scalars(select(RunbookExecution.id)).one()
    world.approve(run)
    world.work()
    world.settle()

    found = [each for each in spans.get_finished_spans() if id_of(each) and in_trace(each, request_id)]
    [request] = named(found, "request")
    assert (id_of(request), request.parent) == (span_id_of(request_id), None)
    assert dict(request.attributes or {}) == {
        "runbook.method": "POST",
        "runbook.path": "/slack/events",
        "runbook.status": 200,
    }
    before, after = named(found, "execution")
    assert {parent_of(before), parent_of(after)} == {id_of(request)}
    ended = dict(after.attributes or {})
    assert (ended["runbook.name"], ended["runbook.status"]) == ("gated", "succeeded")
    steps = named(found, "step")
    assert [(step.attributes or {})["runbook.id"] for step in steps] == ["one", "gate", "two", "three"]
    assert [parent_of(step) for step in steps] == [id_of(before), id_of(before), id_of(after), id_of(after)]
    messages = {str((each.attributes or {})["runbook.kind"]) for each in named(found, "message")}
    assert {"headline", "gate", "outcome"} <= messages


def in_trace(each: ReadableSpan, request_id: str) -> bool:
    context = each.get_span_context()
    return context is not None and context.trace_id == trace_id_of(request_id)


def test_the_run_that_slack_asked_for_knows_its_request(web: TestClient, world: BotWorld) -> None:
    """Red before: the threads that answer Slack had no request."""
    request_id = requested(web, "check")
    with world.unit_of_work.begin() as work:
        assert work.session.scalars(select(RunbookExecution.request_id)).all() == [request_id]


def test_what_nobody_asked_for_is_a_trace_of_its_own(
    world: BotWorld, incident: Incident, spans: InMemorySpanExporter
) -> None:
    run = world.run(incident, "quick")
    [execution] = named(list(spans.get_finished_spans()), "execution")
    assert in_trace(execution, run)


def test_an_error_is_told_by_its_kind_and_not_by_its_words(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="hunter2"), span("step", "req_1", id="one"):
        raise ValueError("hunter2")
    [failed] = spans.get_finished_spans()
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "ValueError")
    assert failed.events == ()


def test_probes_are_no_traces(web: TestClient, spans: InMemorySpanExporter) -> None:
    web.get("/healthz")
    assert spans.get_finished_spans() == ()


def test_without_a_tracer_nothing_is_made(world: BotWorld, incident: Incident) -> None:
    assert not is_traced()
    assert span("step", "req_1") is span("execution", "req_2")
    run = world.start(incident, "quick")
    world.executor.run(RUNBOOK, run)
