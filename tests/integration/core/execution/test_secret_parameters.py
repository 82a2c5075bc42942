"""Parameters that are secrets, in real runs: they reach the step, and nothing that people read."""

import base64
import json
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import delete, text

from core.execution.executor import Executor
from core.services.access.people import load_person
from core.services.runs.retries import retry
from core.statuses import Status
from core.tables import Base, SecretParameters
from tests.integration.core.world import CoreWorld
from tests.world import Target, apply_documents, new_executor, start_run, work_off
from workers.scheduler import tidy

SECRET = 'hunter2 w/ör+d"=\\'
FORMS = [
    SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode().rstrip("="),
]  # fmt: skip
HEAD = """
kind: runbook
name: form
team: database
parameters:
  type: object
  required: [token, opts]
  properties:
    token: {type: string, format: password, writeOnly: true}
    opts: {type: object, properties: {key: {writeOnly: true}}}
    plain: {type: string, default: seen}
steps:
"""
STEPS = r"""
  - {id: say, type: message, text: "{{ params.token }} {{ params.opts.key }} {{ params.plain }}"}
  - id: command
    type: shell
    argv: [sh, -c, 'printf "%s" "$TOKEN" "$1"; printf "%s" "$TOKEN" | base64 >&2; cat', sh, "{{ params.opts.key }}"]
    env: {TOKEN: "{{ params.token }}"}
    stdin: "{{ params.token }}"
    save: {out: result.stdout, same: params.token, long: "size(params.token) > 5"}
  - id: call
    type: http
    method: POST
    url: "URL/do"
    query: {token: "{{ params.token }}"}
    json: {token: "{{ params.token }}", all: "{{ params }}"}
    if: params.token != ""
"""


def readable(world: CoreWorld) -> str:
    """Every row of every table but the one for the worker alone."""
    with world.unit_of_work.begin() as work:
        names = [table.name for table in Base.metadata.sorted_tables if table.name != "secret_parameters"]
        rows = [work.session.execute(text(f"SELECT t::text FROM {name} t")).all() for name in names]
    return "\n".join(str(row[0]) for found in rows for row in found)


def kept(world: CoreWorld) -> int:
    with world.unit_of_work.begin() as work:
        return work.session.query(SecretParameters).count()


def begun(world: CoreWorld, steps: str, token: str = SECRET) -> str:
    apply_documents(world.unit_of_work, HEAD + steps)
    given = {"token": token, "opts": {"key": f"k-{token}"}}
    return start_run(world.unit_of_work, world.incident, "form", "U0DBOPS", **given)


def test_they_reach_the_steps_and_nobody_reads_them(world: CoreWorld, target: Target) -> None:
    run = begun(world, STEPS.replace("URL", target.url))
    assert kept(world) == 1
    world.work()

    seen = world.see(run)
    assert seen.error is None
    assert world.statuses(run) == [Status.SUCCEEDED] * 3
    assert seen.parameters == {"token": "***", "opts": {"key": "***"}, "plain": "seen"}
    assert world.step(run, 0).output == {"text": "*** *** seen"}
    found = readable(world) + seen.model_dump_json()
    assert [form for form in FORMS if form in found] == []
    assert parse_qs(urlsplit(target.paths()[0]).query)["token"] == [SECRET]
    assert kept(world) == 0


SENT = """
  - {id: call, type: http, method: POST, url: "%s/do", headers: {idempotency-key: "{{ params.token }}"}}
"""


def test_a_retry_on_another_worker_has_them(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 500
    run = begun(world, SENT % target.url, token="hunter2-plain")
    world.work()
    assert world.see(run).status is Status.FAILED
    target.answers.clear()
    with world.unit_of_work.begin() as work:
        again = retry(work, load_person(work, "U0DBOPS", source="test"), run).id
    other: Executor = new_executor(world.unit_of_work)
    work_off(world.unit_of_work, other, world.jobs)

    assert world.see(again).status is Status.SUCCEEDED
    assert [key for _, _, key in target.calls] == ["hunter2-plain"] * 2
    assert kept(world) == 0
    assert "hunter2" not in readable(world)


def test_where_they_are_lost_the_run_says_so(world: CoreWorld, target: Target) -> None:
    run = begun(world, STEPS.replace("URL", target.url))
    with world.unit_of_work.begin() as work:
        work.session.execute(delete(SecretParameters))
    world.work()
    assert world.see(run).status is Status.FAILED
    assert "The secret parameters of this run have been deleted: opts, token." in (world.see(run).error or "")
    assert target.calls == []


GATE = "  - {id: gate, type: approval, approvers: {team: database, role: admin}, message: 'with {{ params.token }}'}\n"


def test_who_approves_is_shown_their_places(world: CoreWorld, target: Target) -> None:
    run = begun(world, GATE + STEPS.replace("URL", target.url))
    world.work()
    approval = world.see(run).approval
    assert approval is not None
    assert approval.message == "with ***"
    shown = json.dumps([step.model_dump(mode="json") for step in approval.shown or ()])
    assert '"token": "***"' in shown.replace('\\"', '"')
    assert [form for form in FORMS if form in shown] == []
    world.decide(run, approved=True)
    world.work()
    assert world.see(run).status is Status.SUCCEEDED
    assert [form for form in FORMS if form in readable(world)] == []


@pytest.mark.parametrize("how", ["cancelled before", "never worked on"])
def test_what_is_not_begun_shows_nothing_either(world: CoreWorld, target: Target, how: str) -> None:
    run = begun(world, STEPS.replace("URL", target.url))
    if how == "cancelled before":
        world.cancel(run)
    assert [form for form in FORMS if form in readable(world)] == []


def test_those_of_a_run_that_nobody_retries_are_forgotten_after_a_week(
    world: CoreWorld, target: Target
) -> None:
    failed = f"{HEAD}  - {{id: ends, type: fail, message: no}}\n"
    apply_documents(world.unit_of_work, failed)
    execution_id = start_run(
        world.unit_of_work, world.incident, "form", "U0DBOPS", token=SECRET, opts={"key": "k"}
    )
    world.work()
    assert world.see(execution_id).status is Status.FAILED
    for days, left in ((6, 1), (2, 0)):
        world.clock.pass_by(days=days)
        tidy(world.unit_of_work)
        with world.unit_of_work.begin() as work:
            assert work.session.query(SecretParameters).count() == left


def test_the_log_has_none_either(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def surprise(*_given: object, **_more: object) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr("core.steps.message.prepare_message", surprise)
    run = begun(world, "  - {id: say, type: message, text: hello}\n")
    world.work()
    assert "went wrong on our side" in (world.see(run).error or "")
    said = "".join(capsys.readouterr())
    assert "KeyError" in said
    assert [form for form in (*FORMS, repr(SECRET)[1:-1]) if form in said] == []
