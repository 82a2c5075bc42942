"""Secrets: wherever one surfaces, it reaches no table, no log and no error."""

import base64
import json
from urllib.parse import quote

import pytest
from sqlalchemy import text

from core.statuses import Status
from core.tables import Base
from tests.integration.core.world import CoreWorld
from tests.world import Target, new_executor, work_off

SECRET = 'pa55 w/ör+d"=\\'
FORMS = {
    "raw": SECRET,
    "json": json.dumps(SECRET)[1:-1],
    "url": quote(SECRET, safe=""),
    "base64": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "basic": base64.b64encode(f"user:{SECRET}".encode()).decode()[8:-4],
}


def everything(world: CoreWorld) -> str:
    """Every row of every table, as PostgreSQL writes it as text."""
    with world.unit_of_work.begin() as work:
        tables = [table.name for table in Base.metadata.sorted_tables]
        return "\n".join(
            str(row[0])
            for name in tables
            for row in work.session.execute(text(f"SELECT t::text FROM {name} t"))
        )


STEPS = r"""
- id: echo
  type: shell
  argv: [sh, -c, 'printf "%s\n" "$1" "$TOKEN" >&2; cat; printf "%s" "$TOKEN" | base64', sh, "{{ secrets.TOKEN }}"]
  env: {TOKEN: "{{ secrets.TOKEN }}"}
  stdin: "{{ secrets.TOKEN }}"
  save: {out: result.stdout}
- id: wrong
  type: shell
  argv: ["{{ secrets.TOKEN }}"]
  on_failure: continue
- id: nowhere
  type: shell
  argv: [pwd]
  cwd: "/{{ secrets.TOKEN }}"
  on_failure: continue
- id: call
  type: http
  method: POST
  url: "{{ secrets.API }}/?token={{ secrets.TOKEN }}"
  query: {again: "{{ secrets.TOKEN }}"}
  headers: {Authorization: "Bearer {{ secrets.PLAIN }}"}
  json: {token: "{{ secrets.TOKEN }}"}
  on_failure: continue
- id: refused
  type: http
  url: "http://{{ secrets.PLAIN }}.invalid/"
  on_failure: continue
- id: broken
  type: http
  url: "{{ secrets.PLAIN }}"
  on_failure: continue
- id: say
  type: message
  text: "{{ steps.echo.saved.out }} {{ steps.echo.output.stderr }}"
"""


def test_no_form_of_a_secret_is_in_any_table_or_log(
    world: CoreWorld, target: Target, capfd: pytest.CaptureFixture[str]
) -> None:
    run = world.begin(STEPS)
    secrets = {"TOKEN": SECRET, "API": target.url, "PLAIN": "xoxb-4711-abcdef"}
    work_off(world.unit_of_work, new_executor(world.unit_of_work, secrets=secrets), world.jobs)
    seen = world.see(run)
    assert seen.status is Status.SUCCEEDED
    assert [step.status for step in seen.steps] == [
        "succeeded",
        *["failed"] * 2,
        "succeeded",
        *["failed"] * 2,
        "succeeded",
    ]
    assert quote(SECRET, safe="") in target.paths()[0] or "pa55" in target.paths()[0]
    kept, printed = everything(world), "".join(capfd.readouterr())
    assert "***" in kept
    for form in (*FORMS.values(), "xoxb-4711", target.url):
        assert form not in kept
        assert form not in printed
    assert "pa55" not in kept


def test_a_secret_that_the_excerpt_cuts_in_two_is_not_shown_in_half(world: CoreWorld) -> None:
    script = 'head -c 16370 /dev/zero | tr "\\\\0" " "; printf "%s" "$TOKEN"; head -c 40000 /dev/zero'
    run = world.begin(
        "- id: noise\n  type: shell\n  env: {TOKEN: '{{ secrets.TOKEN }}'}\n"
        f"  argv: [sh, -c, '{script}']\n"
    )
    executor = new_executor(world.unit_of_work, secrets={"TOKEN": "correct-horse-battery-staple"})
    work_off(world.unit_of_work, executor, world.jobs)
    assert world.see(run).status is Status.SUCCEEDED
    assert "bytes left out" in str(world.step(run).output)
    assert "correct" not in everything(world)


def test_a_secret_that_is_not_set_fails_the_step_with_its_name(world: CoreWorld) -> None:
    run = world.begin("- {id: say, type: shell, argv: [echo, '{{ secrets.MISSING }}']}")
    world.work()
    assert "The secret MISSING: RUNBOOK_SECRET_MISSING is not set." in str(world.see(run).error)
