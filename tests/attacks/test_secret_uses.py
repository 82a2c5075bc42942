"""Attempts to learn a secret's value through a definition or through what is shown."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app as command_line
from core.callbacks import CallbackLinks
from core.services.runs.callbacks import receive_callback
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, Deployment
from tests.attacks.secrets_world import OWN, VALUE, Listener, declare, everything, run, runbook
from tests.world import new_executor

# How it is used


OTHERWISE: dict[str, dict[str, Any]] = {
    "reverse": {"url": "http://127.0.0.1:9/{{ secrets.TOKEN.reverse() }}"},
    "letter by letter": {"headers": {"A": "{{ secrets.TOKEN[0] }}"}},
    "question": {"headers": {"A": '{{ secrets.TOKEN.startsWith("c") }}'}},
    "condition": {"if": 'secrets.TOKEN.startsWith("c")'},
    "expect": {"expect": 'secrets.TOKEN.startsWith("c")'},
    "save": {"save": {"a": "secrets.TOKEN"}},
    "by index": {"headers": {"A": '{{ secrets["TOKEN"] }}'}},
    "joined": {"headers": {"A": '{{ "x" + secrets.TOKEN }}'}},
    "in a list": {"json": "{{ [secrets.TOKEN] }}", "method": "POST"},
    "in a map": {"json": '{{ {"a": secrets.TOKEN} }}', "method": "POST"},
    "in a macro": {"headers": {"A": "{{ [1].map(x, secrets.TOKEN)[0] }}"}},
    "asked for": {"headers": {"A": "{{ has(secrets.TOKEN) }}"}},
    "either or": {"headers": {"A": '{{ true ? secrets.TOKEN : "" }}'}},
    "key": {"json": {"{{ secrets.TOKEN }}": 1}, "method": "POST"},
}


@pytest.mark.parametrize("way", OTHERWISE)
def test_a_secret_is_taken_apart(armed: Deployment, ours: Listener, way: str, tmp_path: Path) -> None:
    """red before: `.reverse()` stood in clear in the failed request; a condition answered; and so on.

    Refused in a file, over REST, and when a definition that was kept long ago runs.
    """
    document = runbook({"url": ours.url, **OTHERWISE[way]})
    answer = armed.rest(DATA_ADMIN).post("/api/runbooks", json=document)
    assert answer.status_code == 422
    assert "A secret can only be used whole" in answer.text or "cannot be used in a key" in answer.text
    file = tmp_path / "attack.yaml"
    file.write_text(json.dumps(document, indent=1))
    said = CliRunner().invoke(command_line, ["validate", str(file)])
    assert said.exit_code == 1
    assert f"{file}:" in said.stderr

    done = run(armed, document)
    kept = everything(armed) + "".join(ours.heard)
    for part in (VALUE, VALUE[::-1], VALUE[:8], VALUE[-8:]):
        assert part not in kept
    if way != "key":
        assert done["status"] == "failed"
        assert "A secret can only be used whole" in done["error"]
        assert ours.heard == [] or way in ("expect", "save")


@pytest.mark.parametrize("question", ['"correct h"', '"correct i"'])
def test_an_answer_that_echoes_it_is_asked_about_it(armed: Deployment, ours: Listener, question: str) -> None:
    """red before: `expect` and `save` saw the answer as it came, so that each question was answered."""
    ours.body = json.dumps({"echo": f"A: {VALUE}", "parts": list(VALUE)}).encode()
    step = {
        "url": ours.url,
        "headers": {"A": "{{ secrets.TOKEN }}"},
        "expect": f"!response.text.contains({question}) && !response.json.echo.contains({question})",
        "save": {"a": "response.json.echo.reverse()", "b": "response.json.parts.join('')"},
    }
    done = run(armed, runbook(step))
    assert done["status"] == "succeeded"
    kept = everything(armed)
    for part in (VALUE, VALUE[::-1], VALUE[-12:], VALUE[-12:][::-1]):
        assert part not in kept


# What is shown


@pytest.mark.parametrize("over", ["rest", "slack"])
def test_a_request_is_kept_with_its_places_marked(armed: Deployment, ours: Listener, over: str) -> None:
    """red before: masked by searching, and what the search did not know stood in clear."""
    step = {
        "url": f"{ours.url}/x?y={{{{ secrets.TOKEN }}}}",
        "method": "POST",
        "query": {"q": "{{ secrets.TOKEN }}"},
        "headers": {"A": "Bearer {{ secrets.TOKEN }}"},
        "json": {"deep": ["a {{ secrets.TOKEN }} b"]},
    }
    done = run(armed, runbook(step), over=over)
    assert done["status"] == "succeeded", done
    assert VALUE in ours.heard[0]
    with armed.unit_of_work.begin() as work:
        request = work.session.execute(text("SELECT request FROM step_executions")).scalar_one()
    place = "{{ secrets.TOKEN }}"
    assert request["url"] == f"{ours.url}/x?y={place}"
    assert request["query"] == {"q": place}
    assert request["headers"] == {"A": f"Bearer {place}"}
    assert json.loads(request["body"]) == {"deep": [f"a {place} b"]}
    assert VALUE not in everything(armed)


@pytest.mark.parametrize(
    "url",
    [
        "{{ secrets.TOKEN }}",
        "http://{{ secrets.TOKEN }}/",
        "https://{{ secrets.TOKEN }}.invalid",
        "{{ secrets.TOKEN }}://x",
        "http://10.0.0.1:{{ secrets.TOKEN }}/",
    ],
)
def test_an_error_quotes_the_address(armed: Deployment, url: str) -> None:
    """red before: it was quoted, masked only where the search knew the form (`pa55 w` → `pa55%20w` in a host)."""
    declare(armed, teams=["data"], hosts=["*.invalid", "10.0.0.1"])
    done = run(armed, runbook({"url": url}))
    assert done["status"] == "failed"
    for part in ("correct", "horse", "battery", "staple"):
        assert part not in json.dumps(done)


def test_a_ticket_systems_refusal_is_cut_in_the_middle_of_it(armed: Deployment, ours: Listener) -> None:
    """red before: the error was cut at 500 characters first, and half the token stood there."""
    ours.status = 400
    for cut in range(485, 500, 3):
        ours.body = json.dumps({"errors": "." * (cut - 12) + " " + VALUE}).encode()
        workflow = {
            "kind": "workflow", "name": f"cut-{cut}", "team": "data", "trigger": {"on": "manual"},
            "actions": [{
                "id": "go", "type": "jira", "site": ours.url, "project": "X", "summary": "x",
                "token": "{{ secrets.TOKEN }}",
            }],
        }  # fmt: skip
        armed.apply(json.dumps(workflow))
        incident = armed.incident("data", slack_channel=f"C0CUT{cut}")
        armed.rest(DATA_ADMIN).post(f"/api/workflows/cut-{cut}/execute", json={"incident_id": incident.id})
        armed.work()
    assert len(ours.heard) == 5
    assert "correct" not in everything(armed)


def test_a_long_answer_is_cut_in_the_middle_of_it(armed: Deployment, ours: Listener) -> None:
    """red before: 16 KB of head and tail were kept, and of a secret with spaces all but the last word."""
    long = "word " + "k3y" * 700
    armed.executor = new_executor(armed.unit_of_work, secrets={"TOKEN": long})
    for before in range(16_384 - 12, 16_384, 3):
        ours.body = b"." * before + b" " + long.encode() + b" ." * 20_000
        done = run(
            armed, runbook({"url": ours.url, "headers": {"A": "{{ secrets.TOKEN }}"}}, name=f"cut{before}")
        )
        assert "bytes left out" in done["output"]["body"]
        assert "k3y" not in done["output"]["body"]
        assert "word" not in done["output"]["body"]


def test_our_own_credentials_come_back(armed: Deployment, ours: Listener) -> None:
    """red before: only definitions' secrets were masked; a command that printed the bot token showed it."""
    token = armed.rest(DATA_OPS).headers["Authorization"].removeprefix("Bearer ")
    encoded = [base64.b64encode(each.encode()).decode() for each in OWN]
    ours.body = json.dumps({"all": [*OWN, *encoded, token]}).encode()
    done = run(armed, runbook({"url": ours.url, "save": {"a": "response.json"}}))
    kept = everything(armed)
    for credential in (*OWN, *encoded, token):
        assert credential not in json.dumps(done)
        assert credential not in kept


def test_the_sources_are_emptied_behind_us(
    armed: Deployment, ours: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not red before: so that the environment can be emptied, nobody reads it later."""
    monkeypatch.setenv("RUNBOOK_SECRET_TOKEN", "another value")
    assert (
        run(armed, runbook({"url": ours.url, "headers": {"A": "{{ secrets.TOKEN }}"}}))["status"]
        == "succeeded"
    )
    assert VALUE in ours.heard[0]
    assert os.environ["RUNBOOK_SECRET_TOKEN"] == "another value"


def test_what_called_back_is_not_kept_when_nobody_reads_it(armed: Deployment) -> None:
    """red before: the body of a callback that came early, and whose run ended before, stood there for ever."""
    steps = [{"id": "pause", "type": "wait", "for": "1h"}, {"id": "told", "type": "callback"}]
    links = CallbackLinks("https://runbooks.example", "the signing secret")
    armed.executor = new_executor(armed.unit_of_work, secrets={"TOKEN": VALUE}, callbacks=links)
    armed.apply(json.dumps({"kind": "runbook", "name": "early", "team": "data", "steps": steps}))
    incident = armed.incident("data")
    rest = armed.rest(DATA_OPS)
    run_id = rest.post(f"/api/incidents/{incident.id}/runbooks/early/execute", json={}).json()["execution"][
        "id"
    ]
    armed.work()
    with armed.unit_of_work.begin() as work:
        receive_callback(work, run_id, "told", {"echo": VALUE})
    assert rest.post(f"/api/runbooks/executions/{run_id}/cancel", json={}).status_code == 200
    armed.work()
    assert armed.see(run_id).status == "cancelled"
    assert VALUE not in everything(armed)
