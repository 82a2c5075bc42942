"""Steps on a real database: conditions, failures, retries, doubt, time."""

import pytest
from sqlalchemy import select, update

from core.execution import preparation
from core.services.executions.kinds import RUNBOOK
from core.statuses import Status, WaitingFor
from core.tables import Notice, RunbookExecution
from tests.integration.core.world import CoreWorld, SilentTarget
from tests.world import Target, apply_documents, new_executor


def call(target: Target | SilentTarget, path: str = "/do", **values: object) -> str:
    """A step that posts to the target."""
    more = "".join(f"\n  {name}: {value}" for name, value in values.items())
    return f"- id: call\n  type: http\n  method: POST\n  url: {target.url}{path}{more}\n"


SAFE = "{safe: true, attempts: 3, backoff: 10s}"
SAY = "- {id: say, type: message, text: hello}\n"


def test_a_step_whose_condition_does_not_hold_is_skipped(world: CoreWorld, target: Target) -> None:
    condition = "'incident.severity == \"critical\"'"
    run = world.begin(call(target, **{"if": condition}) + SAY)
    world.work()
    assert world.statuses(run) == [Status.SKIPPED, Status.SUCCEEDED]
    assert world.see(run).status is Status.SUCCEEDED
    assert world.step(run).output == {"reason": 'Its condition did not hold: incident.severity == "critical"'}
    assert target.calls == []


def test_a_condition_sees_what_earlier_steps_came_to(world: CoreWorld, target: Target) -> None:
    read = f"""
    - id: lag
      type: http
      url: {target.url}/lag
      save: {{seconds: response.json.seconds}}
    - id: high
      if: steps.lag.saved.seconds > 1.0
      type: message
      text: "{{{{ steps.lag.saved.seconds }}}} s"
    - id: low
      if: steps.lag.saved.seconds < 1.0
      type: message
      text: low
    """
    run = world.begin(read)
    world.work()
    assert world.statuses(run) == [Status.SUCCEEDED, Status.SUCCEEDED, Status.SKIPPED]
    assert world.step(run, 1).output == {"text": "1.5 s"}


def test_a_type_that_cannot_prepare_fails_with_a_sentence(
    world: CoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of this process are built by now, so here it is the promise that changes, not the type."""
    monkeypatch.setattr(preparation, "_is_preparable", lambda _: False)
    run = world.begin(SAY)
    world.work()
    assert world.statuses(run) == [Status.FAILED]
    assert "The type message has no `prepare`" in (world.step(run).error or "")


def test_a_failed_step_stops_the_run(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 500
    run = world.begin(call(target) + SAY)
    world.work()
    assert world.statuses(run) == [Status.FAILED, Status.PENDING]
    assert world.see(run).error == "Step call: Answered 500; expected response.status < 400"


def test_a_failed_step_that_may_fail_is_passed(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 500
    run = world.begin(call(target, on_failure="continue") + SAY)
    world.work()
    assert world.statuses(run) == [Status.FAILED, Status.SUCCEEDED]
    assert world.see(run).status is Status.SUCCEEDED


def test_a_safe_step_is_tried_again_with_the_same_key_each_time(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 503
    run = world.begin(call(target, retry=SAFE) + SAY)
    world.work()
    assert (world.see(run).status, world.see(run).waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    assert (world.step(run).status, world.step(run).attempt) == (Status.WAITING, 1)

    world.pass_by(seconds=5)
    assert len(target.calls) == 1
    world.pass_by(seconds=5)
    assert len(target.calls) == 2
    world.pass_by(seconds=15)
    assert len(target.calls) == 2
    target.answers["/do"] = 200
    world.pass_by(seconds=5)

    assert world.statuses(run) == [Status.SUCCEEDED, Status.SUCCEEDED]
    assert world.step(run).attempt == 3
    assert [key for _, _, key in target.calls] == [f"{run}.call"] * 3


def test_a_safe_step_fails_when_its_attempts_are_used_up(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 503
    run = world.begin(call(target, retry=SAFE))
    world.work()
    for _ in range(5):
        world.pass_by(minutes=1)
    assert (len(target.calls), world.see(run).status) == (3, Status.FAILED)


def test_retries_of_a_step_that_is_not_safe_are_none(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 503
    run = world.begin(call(target, retry="{attempts: 3}"))
    world.work()
    assert (len(target.calls), world.see(run).status) == (1, Status.FAILED)


def test_an_unsafe_call_without_an_answer_is_unknown_and_the_channel_is_asked(
    world: CoreWorld, silent: SilentTarget
) -> None:
    run = world.begin(call(silent) + SAY)
    world.work()
    seen = world.see(run)
    assert (seen.status, seen.waiting_for) == (Status.WAITING, WaitingFor.VERDICT)
    assert (seen.steps[0].status, seen.steps[0].attempt) == (Status.UNKNOWN, 1)
    assert seen.steps[0].error
    assert silent.keys == [f"{run}.call"]
    with world.unit_of_work.begin() as work:
        asked = work.session.scalars(select(Notice).where(Notice.kind == "verdict")).one()
        assert (asked.subject_id, asked.content) == (run, {"position": 0, "attempt": 1})
    world.pass_by(days=3)
    assert world.see(run).waiting_for is WaitingFor.VERDICT
    assert len(silent.keys) == 1


@pytest.mark.parametrize(
    ("answer", "statuses", "calls"),
    [
        ("ran", [Status.SUCCEEDED, Status.SUCCEEDED], 1),
        ("did_not_run", [Status.FAILED, Status.PENDING], 1),
        ("run_again", [Status.UNKNOWN, Status.PENDING], 2),
    ],
)
def test_the_verdict_decides_what_comes_next(
    world: CoreWorld, silent: SilentTarget, answer: str, statuses: list[Status], calls: int
) -> None:
    run = world.begin(call(silent) + SAY)
    world.work()
    world.judge(run, answer)
    world.work()
    assert world.statuses(run) == statuses
    assert silent.keys == [f"{run}.call"] * calls
    with world.unit_of_work.begin() as work:
        asked = work.session.scalars(select(Notice).where(Notice.kind == "verdict")).all()
        assert len(asked) == calls


def test_a_safe_call_without_an_answer_is_repeated_and_at_last_asked_about(
    world: CoreWorld, silent: SilentTarget
) -> None:
    run = world.begin(call(silent, retry=SAFE))
    world.work()
    for _ in range(4):
        world.pass_by(minutes=1)
    assert silent.keys == [f"{run}.call"] * 3
    assert world.see(run).waiting_for is WaitingFor.VERDICT


def test_a_get_without_an_answer_has_failed(world: CoreWorld, silent: SilentTarget) -> None:
    run = world.begin(f"- {{id: look, type: http, url: {silent.url}}}")
    world.work()
    assert world.see(run).status is Status.FAILED


def test_a_call_that_was_not_sent_has_failed(world: CoreWorld) -> None:
    run = world.begin("- {id: look, type: http, method: POST, url: 'http://127.0.0.1:1/'}")
    world.work()
    assert world.see(run).status is Status.FAILED
    assert "No connection to 127.0.0.1:1" in str(world.step(run).error)


def test_a_wait_lets_the_worker_go_and_ends_at_its_time(world: CoreWorld) -> None:
    run = world.begin("- {id: pause, type: wait, for: 10m}\n" + SAY)
    world.work()
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        assert (row.worker, row.waiting_for) == (None, "timer")
    world.pass_by(minutes=9)
    assert world.statuses(run) == [Status.WAITING, Status.PENDING]
    world.pass_by(minutes=1)
    assert world.statuses(run) == [Status.SUCCEEDED, Status.SUCCEEDED]


def test_a_claim_before_its_time_finds_nothing_to_do(world: CoreWorld) -> None:
    run = world.begin("- {id: pause, type: wait, for: 10m}")
    world.work()
    world.clock.pass_by(minutes=9)
    world.executor.run(RUNBOOK, run)
    assert world.statuses(run) == [Status.WAITING]


@pytest.mark.parametrize("goes_on", ["stop", "continue"])
def test_a_runbook_that_was_edited_since_it_was_asked_for_is_refused_at_the_claim(
    world: CoreWorld, target: Target, goes_on: str
) -> None:
    run = world.begin(call(target, on_failure=goes_on))
    edited = call(target, "/other").replace("\n", "\n  ")
    apply_documents(
        world.unit_of_work, f"kind: runbook\nname: tried\nteam: database\nsteps:\n  {edited}", approve=False
    )
    world.work()
    seen = world.see(run)
    assert (seen.status, target.calls) == (Status.FAILED, [])
    assert seen.error == "tried is draft: only an approved version runs. Ask a platform admin to approve it."


def test_what_runs_is_the_frozen_copy(world: CoreWorld, target: Target) -> None:
    run = world.begin("- {id: pause, type: wait, for: 10m}\n" + call(target))
    world.work()
    world.begin(call(target, "/other"))
    world.jobs.clear()
    world.pass_by(minutes=10)
    assert world.see(run).status is Status.SUCCEEDED
    assert "/do" in target.paths()


@pytest.mark.parametrize(
    "step",
    [
        "{id: odd, type: shell, argv: [echo], cwd: /no/such/directory}",
        '{id: odd, type: http, url: "http://127.0.0.1:99999/"}',
        '{id: odd, type: http, url: "http://a..b/"}',
        '{id: odd, type: http, url: "http://127.0.0.1:1/", headers: {X-Who: "{{ incident.title + \\"é\\" }}"}}',
        '{id: odd, type: http, url: "http://127.0.0.1:1/", headers: {X-Who: "{{ incident.title + \\"\\\\n\\" }}"}}',
        '{id: odd, type: http, url: "http://10.0.0.1:1/"}',
    ],
    ids=["directory", "port", "host", "header", "header break", "egress"],
)
def test_a_step_that_cannot_be_done_fails_with_a_sentence(world: CoreWorld, step: str) -> None:
    run = world.begin(f"- {step}")
    world.work()
    assert world.see(run).status is Status.FAILED
    assert ". " in f"{world.step(run).error} "


def test_shell_output_with_any_bytes_is_kept(world: CoreWorld) -> None:
    script = r"printf 'a\000b\377'; head -c 100000 /dev/zero"
    run = world.begin(f'- {{id: noise, type: shell, argv: [sh, -c, "{script}"]}}'.replace("\\", "\\\\"))
    world.work()
    assert world.see(run).status is Status.SUCCEEDED
    output = world.step(run).output
    assert isinstance(output, dict)
    assert str(output["stdout"]).startswith("a�b�")


def test_a_command_that_is_cut_short_is_in_doubt(world: CoreWorld) -> None:
    run = world.begin("- {id: slow, type: shell, argv: [sleep, '1000'], timeout: 1s}")
    world.work()
    assert (world.step(run).status, world.see(run).waiting_for) == (Status.UNKNOWN, WaitingFor.VERDICT)
    assert world.step(run).error == "The command was stopped: timeout."


def test_shell_steps_fail_where_they_are_off(world: CoreWorld) -> None:
    run = world.begin("- {id: dangerous, type: shell, argv: [id]}")
    executor = new_executor(world.unit_of_work)
    object.__setattr__(executor._ports, "processes", None)
    executor.run(RUNBOOK, run)
    assert "RUNBOOK_SHELL=on" in (world.step(run).error or "")


def test_a_step_that_always_kills_its_worker_is_asked_about_in_the_end(
    world: CoreWorld, target: Target
) -> None:
    run = world.begin(call(target, retry=SAFE))
    with world.unit_of_work.begin() as work:
        dead = {"worker": "dead", "status": "running", "wake_at": world.clock.now()}
        work.session.execute(update(RunbookExecution).values(dead))
        work.session.connection().exec_driver_sql(
            "UPDATE step_executions SET status = 'running', attempt = 3"
        )
    world.pass_by(seconds=60)
    assert (world.see(run).waiting_for, target.calls) == (WaitingFor.VERDICT, [])


def test_a_daemon_that_is_ended_with_its_step_is_named_in_the_outcome(world: CoreWorld) -> None:
    run = world.begin("""
    - {id: start, type: shell, argv: [sh, -c, "setsid nohup sleep 71 >/dev/null 2>&1 & sleep 0.3; echo started"]}
    - {id: quiet, type: shell, argv: [echo, started]}
    """)
    world.work()
    started, quiet = (world.step(run, at).output for at in (0, 1))
    assert started == {"exit_code": 0, "stdout": "started\n", "stderr": "", "ended_with_it": "sleep"}
    assert quiet == {"exit_code": 0, "stdout": "started\n", "stderr": ""}
