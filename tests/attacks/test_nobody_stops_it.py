"""Nobody can stall the service: an input is bounded in its cost, or refused before it is examined.

How long each takes is measured by `make fuzz`; here the refusal itself is asserted, which no machine makes slow.
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError
from sqlalchemy import select, update
from starlette.testclient import TestClient

from core.definitions.pydantic_problems import problems_of
from core.definitions.runbook import RunbookDefinition
from core.definitions.validate import load_data
from core.services.executions.kinds import KINDS
from core.statuses import ApprovalStatus, Status
from core.steps.message import MessageStep
from core.tables import Runbook, RunbookExecution, StepExecution, WorkerLoss, WorkflowExecution
from tests.acceptance.slack.requests import signed_headers
from tests.attacks.deployment import (
    DATA_ADMIN,
    DATA_CHANNEL,
    DATA_OPS,
    NOBODY,
    PLATFORM,
    WEB_ADMIN,
    Deployment,
)
from tests.world import Target, running_target

YAML = {"Content-Type": "application/yaml"}
# What froze `web` for 18.7 s: what split() makes was not counted.
MULTIPLIES = '"' + "a" * 40 + '".replace("a", "' + "b" * 250 + '").split("").map(x, x).size() > 0'
RUNBOOK = """
kind: runbook
name: scale
team: data
parameters:
  type: object
  properties:
    count: {type: integer, default: 1}
    hosts: {type: array}
    code: {type: string, pattern: "^(a+)+$"}
    free: {}
steps:
  - {id: say, type: message, text: "{{ params.count + 1 }}"}
"""


def runbook(team: str = "data", **fields: Any) -> dict[str, Any]:
    steps = [{"id": "say", "type": "message", "text": "hello"}]
    return {"kind": "runbook", "name": "new", "team": team, "steps": steps} | fields


def refusal(client: TestClient, method: str, path: str, **request: Any) -> str:
    """What is wrong, of a request that is refused as wrong."""
    response = client.request(method, path, **request)
    assert response.status_code == 422, response.text
    return str(response.json()["detail"])


# Permission first -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["runbooks", "workflows"])
@pytest.mark.parametrize("person", [NOBODY, DATA_OPS])
def test_who_may_write_nothing_has_nothing_looked_at(deployment: Deployment, kind: str, person: str) -> None:
    """Red before: a 422, of a body that any token could have validated, for as long as that took."""
    for body in (b"kind: runbook\nname: [", b"{}", b"kind: runbook\nteam: data\nname: x\nsteps: []"):
        response = deployment.rest(person).post(f"/api/{kind}", content=body, headers=YAML)
        assert response.status_code == 403


def test_the_team_is_asked_about_before_the_rest_is_looked_at(deployment: Deployment) -> None:
    """Red before: web's admin had definitions of data validated (422)."""
    wrong = runbook(team="data", steps=[{"id": "x", "type": "nothing"}])
    assert deployment.rest(WEB_ADMIN).post("/api/runbooks", json=wrong).status_code == 403
    assert deployment.rest(WEB_ADMIN).post("/api/runbooks", json=wrong | {"team": None}).status_code == 403
    assert deployment.rest(DATA_ADMIN).post("/api/runbooks", json=wrong).status_code == 422


def test_who_may_not_write_a_runbook_has_no_version_of_it_looked_at(deployment: Deployment) -> None:
    """Red before: 422 for the responder, whose body was validated."""
    deployment.apply(RUNBOOK)
    wrong = runbook(name="scale", steps=[{"id": "x", "type": "nothing"}])
    assert deployment.rest(DATA_OPS).put("/api/runbooks/scale", json=wrong).status_code == 403
    mine = deployment.rest(DATA_ADMIN).put("/api/runbooks/scale", json=runbook(team="web", name=5))
    assert mine.status_code == 403
    deployment.apply("kind: runbook\nname: everybodys\nsteps: [{id: say, type: message, text: hello}]")
    taken = wrong | {"name": "everybodys", "team": "web"}  # a team of the attacker's own, in the body
    assert deployment.rest(WEB_ADMIN).put("/api/runbooks/everybodys", json=taken).status_code == 403


# Expressions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["if", "text"])
def test_an_expression_that_multiplies_is_refused_by_its_cost(deployment: Deployment, where: str) -> None:
    """Red before: `web` evaluated it while it validated, for 18.7 s, and then kept it."""
    step = {"id": "say", "type": "message", "text": "hello"}
    step |= {"if": MULTIPLIES} if where == "if" else {"text": f"{{{{ {MULTIPLIES} }}}}"}
    said = refusal(deployment.rest(DATA_ADMIN), "POST", "/api/runbooks", json=runbook(steps=[step]))
    assert "would take too long over values of this size" in said


def test_many_expressions_together_are_refused_by_their_cost(deployment: Deployment) -> None:
    """Red before: each was compiled and evaluated, whatever they took together."""
    long = "+".join(["1"] * 1_900)
    steps = [{"id": f"s{i}", "type": "message", "text": f"{{{{ {long}+{i} }}}}"} for i in range(30)]
    said = refusal(deployment.rest(DATA_ADMIN), "POST", "/api/runbooks", json=runbook(steps=steps))
    assert "together would take too long" in said


def test_a_condition_over_what_people_write_keeps_nobody_from_opening_an_incident(
    deployment: Deployment,
) -> None:
    """Red before: the workflow's condition ran over the description for as long as it took, in `web`."""
    deployment.apply(
        """
        kind: workflow
        name: slow
        team: data
        trigger: {on: incident.created}
        when: incident.description.split("").exists(x, incident.description.split("").exists(y, x + y == "zz"))
        actions: [{id: say, type: message, text: hello}]
        """
    )
    new = {"title": "Down", "severity": "high", "team": "data", "description": "x" * 9_000}
    assert deployment.rest(DATA_OPS).post("/api/incidents", json=new).status_code == 201
    with deployment.unit_of_work.begin() as work:
        [run] = work.session.scalars(select(WorkflowExecution))
        assert run.status == Status.FAILED
        assert "would take too long" in str(run.error)


def test_a_plan_has_an_end(deployment: Deployment) -> None:
    """Red before: `web` evaluated every step of the plan, for as long as it took."""
    text = '{{ params.text.split("").filter(x, x != "y").size() }}'
    steps = "\n".join(f"  - {{id: s{i}, type: message, text: '{text}'}}" for i in range(40))
    parameters = "parameters: {type: object, properties: {text: {type: string}}, required: [text]}"
    deployment.apply(f"kind: runbook\nname: heavy\nteam: data\n{parameters}\nsteps:\n{steps}")
    incident = deployment.incident()
    body = {"parameters": {"text": "x" * 700}, "dry_run": True}
    path = f"/api/incidents/{incident.id}/runbooks/heavy/execute"
    answer = deployment.rest(DATA_OPS).post(path, json=body)
    assert answer.status_code == 200
    assert "together would take too long" in answer.text
    told = deployment.slack.types(DATA_OPS, DATA_CHANNEL, f"run heavy text={'x' * 700} --dry-run")
    assert "together would take too long" in told


# Schemas and patterns -------------------------------------------------------------------------------


def test_a_pattern_is_matched_in_linear_time(deployment: Deployment) -> None:
    """Red before: thirty letters took a minute, fifty would have taken for ever."""
    deployment.apply(RUNBOOK)
    incident = deployment.incident()
    code = "a" * 200 + "b"
    path = f"/api/incidents/{incident.id}/runbooks/scale/execute"
    said = refusal(deployment.rest(DATA_OPS), "POST", path, json={"parameters": {"code": code}})
    assert "code must match the pattern" in said
    assert "code must match the pattern" in deployment.slack.types(
        DATA_OPS, DATA_CHANNEL, f"run scale code={code}"
    )


def test_a_default_is_matched_in_linear_time(deployment: Deployment) -> None:
    """Red before: validating the definition took for ever."""
    schema = {"type": "object", "properties": {"x": {"pattern": "^(a+)+$", "default": "a" * 200 + "b"}}}
    said = refusal(deployment.rest(DATA_ADMIN), "POST", "/api/runbooks", json=runbook(parameters=schema))
    assert "The default does not match its own schema: x must match the pattern" in said


def test_many_characters_times_many_states_are_refused(deployment: Deployment) -> None:
    """Red before: any pattern went over any text. The linear engine alone takes seconds for this one."""
    pattern = "[ab]*a[ab]{2000}c"
    deployment.apply(
        f"""
        kind: runbook
        name: match
        team: data
        parameters: {{type: object, properties: {{x: {{type: string, pattern: "{pattern}"}}}}, required: [x]}}
        steps: [{{id: say, type: message, text: hello}}]
        """
    )
    path = f"/api/incidents/{deployment.incident().id}/runbooks/match/execute"
    said = refusal(deployment.rest(DATA_OPS), "POST", path, json={"parameters": {"x": "ab" * 30_000}})
    assert "too many to match with the patterns of this schema" in said


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (
            {
                "$defs": {
                    **{f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(30)},
                    "d30": {"type": "string"},
                },
                "properties": {"x": {"$ref": "#/$defs/d0", "default": 1}},
            },
            "with every $ref followed it has more than",
        ),
        (
            {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "properties": {"x": {"$ref": "#/$defs/a"}}},
            "circular",
        ),
        ({"properties": {"x": {"$ref": "http://127.0.0.1:1/"}}}, "is never fetched"),
        ({"properties": {"x": {"$dynamicRef": "#x"}}}, "$dynamicRef cannot be used here"),
        ({"properties": {"x": {"$id": "http://x/", "$ref": "#/y"}}}, "$id cannot be used here"),
        ({"properties": {"x": {"pattern": "(a{1000}){1000}"}}}, "is not a valid regular expression"),
        ({"properties": {"x": {"enum": list(range(9_000))}}}, "this schema is too large"),
        (json.loads('{"not":' * 40 + "{}" + "}" * 40), "nested deeper than 32 levels"),
    ],
)
def test_a_schema_is_bounded_with_every_reference_followed(
    deployment: Deployment, schema: dict[str, Any], sentence: str
) -> None:
    """Red before: 2³⁰ branches were gone through for one default; a circle was kept and raised when it ran."""
    said = refusal(deployment.rest(DATA_ADMIN), "POST", "/api/runbooks", json=runbook(parameters=schema))
    assert sentence.lower() in said.lower()


# Texts ----------------------------------------------------------------------------------------------


DEEP = b'{"a":' * 800 + b'"' + b"x" * 110_000 + b'"' + b"}" * 800
WIDE = b'{"labels": [' + b"1," * 200_000 + b"1]}"


@pytest.mark.parametrize("path", ["incidents", "alerts/grafana", "runbooks", "workflows", "freezes"])
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (DEEP, "nested deeper than 64 levels"),
        (WIDE, "more than 50,000 values"),
        (b"[" * 900_000, "more than 50,000 values"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "too many digits"),
    ],
)
def test_json_is_looked_at_before_it_is_parsed(
    deployment: Deployment, path: str, body: bytes, sentence: str
) -> None:
    """Red before: 120 kB that are 800 deep took `web` to 529 MB, from anybody."""
    client, headers = deployment.rest(NOBODY), {"Content-Type": "application/json"}
    assert sentence in refusal(client, "POST", f"/api/{path}", content=body, headers=headers)


def test_a_callback_is_authorized_before_its_body_is_read(deployment: Deployment) -> None:
    """Red before: whoever knew no callback had their JSON parsed all the same (422 for the broken one)."""
    stranger = TestClient(deployment.web, raise_server_exceptions=False)
    headers = {"Content-Type": "application/json"}
    for body in (DEEP, b"{"):
        answer = stranger.post("/api/callbacks/rbx_1.x.forged", content=body, headers=headers)
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "kind: runbook\nteam: data\nname: x\ndescription: '" + "x" * 940_000 + "'",
            "larger than 262144 bytes",
        ),
        (
            "kind: runbook\nteam: data\nname: x\ntags: [" + "a, " * 80_000 + "]",
            "more than 10000 values and keys",
        ),
        ("---\n" * 60_000, "more than 10000 values and keys"),
        ("kind: runbook\nteam: data\nname: x\ntags: " + "[" * 70_000, "nested deeper than 64 levels"),
    ],
)
def test_yaml_is_bounded_while_it_is_read(deployment: Deployment, body: str, sentence: str) -> None:
    """Red before: 0.94 MB took 12 s."""
    said = refusal(deployment.rest(DATA_ADMIN), "POST", "/api/runbooks", content=body.encode(), headers=YAML)
    assert sentence in said


def test_so_many_problems_are_told_and_no_more(deployment: Deployment) -> None:
    """Red before: twenty thousand problems were made, each with the nearest names, and all of them sent."""
    steps = [{"id": f"s{i}", "type": "message", "text": "x", "colour": 1} for i in range(1_500)]
    answer = deployment.rest(DATA_ADMIN).post("/api/runbooks", json=runbook(steps=steps))
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 200
    [document], _ = load_data(runbook(steps=steps), "request")
    with pytest.raises(ValidationError) as caught:
        RunbookDefinition.model_validate(document.data)
    assert len(problems_of(caught.value, RunbookDefinition, document)) <= 100


def slack(deployment: Deployment, body: str, content_type: str | None = None) -> int:
    """The status of what is signed as Slack signs it."""
    headers = signed_headers(body) | ({"content-type": content_type} if content_type else {})
    client = TestClient(deployment.web, raise_server_exceptions=False)
    return client.post("/slack/events", content=body, headers=headers).status_code


def test_a_signed_request_that_slack_would_not_send_is_refused(deployment: Deployment) -> None:
    """Red before: 500, for Python's parser recursed into it."""
    assert slack(deployment, urlencode({"payload": "[" * 5_000})) == 400
    assert slack(deployment, urlencode({"payload": "[" * 5_000 + "]" * 5_000})) == 400
    assert slack(deployment, "[" * 5_000, "application/json") == 400
    assert slack(deployment, '{"a":' * 5_000, "application/json") == 400
    assert slack(deployment, "&".join(["a=1"] * 100_000)) == 400
    assert slack(deployment, urlencode({"payload": "5"})) == 400
    # Of no workspace: told so, and nothing is done.
    assert slack(deployment, urlencode({"payload": "{}"})) in {200, 400, 404}
    assert slack(deployment, '{"type": []}', "application/json") in {200, 400, 404}
    ours = {"team": {"id": "T1"}, "api_app_id": "A1", "user": {"id": DATA_ADMIN}}
    for takes_for_granted in (
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": None},
        {"type": "view_submission", "view": {"callback_id": "run.form"}},
    ):
        assert slack(deployment, urlencode({"payload": json.dumps(ours | takes_for_granted)})) == 400
    lone = {"type": "block_actions", "user": {"id": "\ud800"}, "actions": [{"action_id": "run.cancel"}]}
    assert slack(deployment, urlencode({"payload": json.dumps(lone)})) == 400
    assert slack(deployment, urlencode({"command": "/runbook", "text": "run \0"})) == 400


@pytest.mark.parametrize("path", ["runbooks/scale/analytics", "runbooks/scale/executions", "audit"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_utc_does_not_have_is_refused(deployment: Deployment, path: str, moment: str) -> None:
    """Red before: 500 (analytics), for Python cannot say it in UTC."""
    deployment.apply(RUNBOOK)
    said = refusal(deployment.rest(PLATFORM), "GET", f"/api/{path}", params={"since": moment})
    assert "between the years 1 and 9999" in said


# Numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("NaN", "not a finite number"),
        ("1e999", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("9223372036854775808", "does not fit into 64 bits"),
        ("9" * 400, "does not fit into 64 bits"),
    ],
)
@pytest.mark.parametrize("name", ["hosts", "free", "count"])
def test_numbers_that_cannot_be_kept_are_refused_at_the_door(
    deployment: Deployment, name: str, written: str, sentence: str
) -> None:
    """Red before: 500 from Slack; over REST integers of any length were kept."""
    deployment.apply(RUNBOOK)
    incident = deployment.incident()
    value = f'[1, {{"a": {written}}}]' if name != "count" else written
    body = f'{{"parameters": {{"{name}": {value}}}}}'
    headers = {"Content-Type": "application/json"}
    path = f"/api/incidents/{incident.id}/runbooks/scale/execute"
    assert sentence in refusal(deployment.rest(DATA_OPS), "POST", path, content=body, headers=headers)
    if name == "hosts":
        told = deployment.slack.types(DATA_OPS, DATA_CHANNEL, f"run scale hosts='{value}'")
        assert sentence in told
    if name == "count":
        told = deployment.slack.types(DATA_OPS, DATA_CHANNEL, f"run scale count={written}")
        assert "count must be a whole number" in told
    with deployment.unit_of_work.begin() as work:
        assert work.session.scalars(select(RunbookExecution)).all() == []


def test_an_integer_of_400_digits_quarantines_nothing(deployment: Deployment) -> None:
    """Red before: three lost workers, and the approved runbook was a draft. Here one that was kept before."""
    deployment.apply(RUNBOOK)
    incident = deployment.incident()
    path = f"/api/incidents/{incident.id}/runbooks/scale/execute"
    started = deployment.rest(DATA_OPS).post(path, json={}).json()["execution"]["id"]
    with deployment.unit_of_work.begin() as work:
        work.session.execute(update(RunbookExecution).values(parameters={"count": 10**400}))
    deployment.work()
    assert deployment.see(started).status is Status.FAILED
    assert "too large to calculate with" in str(deployment.see(started).error)
    assert_nothing_is_lost(deployment)


def assert_nothing_is_lost(deployment: Deployment) -> None:
    with deployment.unit_of_work.begin() as work:
        assert work.session.scalars(select(WorkerLoss)).all() == []
        statuses = set(work.session.scalars(select(Runbook.status)))
        assert statuses == {ApprovalStatus.APPROVED}


def test_what_a_target_answers_fails_no_worker(deployment: Deployment) -> None:
    """Red before: an answer of 400 digits lost the worker that evaluated over it."""
    incident = deployment.incident()
    with running_target() as target:
        for body, expected in (
            (b'{"n": ' + b"9" * 400 + b"}", "null"),
            (b'{"n": 9223372036854775808}', "9223372036854776000"),
        ):
            assert expected in _saved(deployment, target, incident.id, body)
    assert_nothing_is_lost(deployment)


def _saved(deployment: Deployment, target: Target, incident_id: str, body: bytes) -> str:
    path = "/" + str(len(body))
    target.bodies[path] = body
    deployment.apply(
        f"""
        kind: runbook
        name: ask{len(body)}
        team: data
        steps: [{{id: call, type: http, url: "{target.url}{path}", save: {{json: response.json}}}}]
        """
    )
    start = f"/api/incidents/{incident_id}/runbooks/ask{len(body)}/execute"
    started = deployment.rest(DATA_OPS).post(start, json={}).json()["execution"]["id"]
    deployment.work()
    with deployment.unit_of_work.begin() as work:
        assert work.session.get_one(RunbookExecution, started).status == Status.SUCCEEDED
        saved = select(StepExecution.saved).where(StepExecution.execution_id == started)
        return json.dumps(work.session.scalars(saved).one())


# What nobody foresaw --------------------------------------------------------------------------------


def _begin(deployment: Deployment, runbook_name: str) -> str:
    path = f"/api/incidents/{deployment.incident().id}/runbooks/{runbook_name}/execute"
    execution_id: str = deployment.rest(DATA_OPS).post(path, json={}).json()["execution"]["id"]
    return execution_id


def test_a_step_whose_preparing_raises_fails_with_an_id(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red before: the worker was lost, three of them, and the runbook put under quarantine."""

    def broken(*_: object) -> None:
        raise RuntimeError("secret-in-a-traceback")

    monkeypatch.setattr(MessageStep, "prepare", broken)
    deployment.apply(RUNBOOK)
    run = _begin(deployment, "scale")
    deployment.work()
    seen = deployment.see(run)
    assert seen.status is Status.FAILED
    assert "in the log under err_" in str(seen.error)
    assert "secret-in-a-traceback" not in seen.model_dump_json()
    assert_nothing_is_lost(deployment)


def test_an_act_inside_that_raises_fails_with_an_id(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red before: the worker was lost."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    deployment.apply(RUNBOOK)
    run = _begin(deployment, "scale")
    monkeypatch.setattr(
        "core.effects.messages._enqueue", broken
    )  # the act alone: the run's own notices are owed
    deployment.executor.run(KINDS["runbook"], run)
    seen = deployment.see(run)
    assert (seen.status, seen.steps[0].status) == (Status.FAILED, Status.FAILED)
    assert "It was rolled back" in str(seen.error)
    assert_nothing_is_lost(deployment)


@pytest.mark.parametrize("safe", [False, True])
def test_an_act_outside_that_raises_is_in_doubt(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, safe: bool
) -> None:
    """Red before: the worker was lost. Nobody knows whether it happened: people are asked, or it is repeated."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(type(deployment.executor._ports.http), "call", broken)
    retry = "retry: {safe: true, attempts: 2, backoff: 1s}" if safe else "timeout: 5s"
    deployment.apply(
        f"""
        kind: runbook
        name: call
        team: data
        steps: [{{id: call, type: http, method: POST, url: "http://127.0.0.1:9/", {retry}}}]
        """
    )
    run = _begin(deployment, "call")
    deployment.work()
    step = deployment.see(run).steps[0]
    assert step.status is (Status.WAITING if safe else Status.UNKNOWN)
    assert "It may or may not have happened" in str(step.error)
    assert_nothing_is_lost(deployment)


def test_a_condition_that_raises_keeps_nobody_from_opening_an_incident(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red before: 500, and no incident could be opened while that workflow was there."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    deployment.apply(
        """
        kind: workflow
        name: broken
        team: data
        trigger: {on: incident.created}
        when: incident.severity == "high"
        actions: [{id: say, type: message, text: hello}]
        """
    )
    monkeypatch.setattr("core.definitions.cel.expressions.Expression.is_true", broken)
    new = {"title": "Down", "severity": "high", "team": "data"}
    assert deployment.rest(DATA_OPS).post("/api/incidents", json=new).status_code == 201
    with deployment.unit_of_work.begin() as work:
        [run] = work.session.scalars(select(WorkflowExecution))
        assert "in the log under err_" in str(run.error)
