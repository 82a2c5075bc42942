"""A job in another system, whichever it is: started once, followed to its end, the worker free in between."""

from textwrap import dedent

import pytest
from sqlalchemy import select

from cli.apply import apply_text
from core.statuses import Status, WaitingFor
from core.tables import Incident, RunbookExecution, StepExecution
from tests.integration.core.systems.conftest import TOKEN, Runs
from tests.systems.github import GitHub
from tests.systems.play import Answer, JobPlay
from tests.world import new_executor

SAFE = "retry: {safe: true, attempts: 3, backoff: 1s}"


def test_it_is_started_once_and_followed_to_its_end(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step())
    assert (runs.run().status, runs.run().waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    assert str(runs.step().output["url"]) in str(runs.step().error)
    runs.pass_by(times=2)
    assert runs.run().status is Status.WAITING

    system.end()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert set(runs.step().output) == {"id", "url", "status", *system.results}
    assert runs.saved == {"result": runs.step().output["status"]}
    assert (len(system.jobs), runs.step().attempt) == (1, 1)
    assert system.marks == [f"{runs.id}.deploy.1"]


def test_its_failure_fails_the_step(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step())
    runs.pass_by()
    system.end(well=False)
    runs.pass_by()

    assert runs.run().status is Status.FAILED
    assert str(runs.step().error).lower().startswith("it ended as fail")
    assert str(runs.step().output["url"]) in str(runs.step().error)


def test_the_step_may_say_what_is_a_success(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("expect: size(job) == 0"))
    system.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.FAILED
    assert "expected size(job) == 0" in str(runs.step().error)


def test_its_time_ends_and_it_goes_on(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("timeout: 1m"))
    runs.pass_by(times=6)

    assert runs.run().status is Status.FAILED
    assert str(runs.step().error).startswith("It did not end within 1 min; it is ")
    assert "It goes on: http" in str(runs.step().error)
    assert system.cancelled == []


def test_or_is_cancelled_then(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("timeout: 1m\n      cancel: true"))
    runs.pass_by(times=6)

    assert runs.run().status is Status.FAILED
    assert "was asked to cancel it" in str(runs.step().error)
    assert len(system.cancelled) == 1


def test_a_run_that_is_cancelled_leaves_it_running_and_says_where(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step())
    runs.world.cancel(runs.id)

    assert runs.run().status is Status.CANCELLED
    assert str(runs.step().output["url"]).startswith("http")
    assert system.cancelled == []


def test_with_cancel_it_is_cancelled_as_well(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("cancel: true"))
    runs.world.cancel(runs.id)
    runs.world.work()

    assert runs.run().status is Status.CANCELLED
    assert str(runs.step().error).startswith("The run was cancelled. ")
    assert "was asked to cancel it: http" in str(runs.step().error)
    assert len(system.cancelled) == 1


def test_a_cancel_that_the_system_refuses_is_told(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("cancel: true"))
    system.refusal = Answer(409, {"message": "Cannot cancel a run that is completed."})
    runs.world.cancel(runs.id)
    runs.world.work()

    assert runs.run().status is Status.CANCELLED
    assert "It goes on, since it could not be cancelled" in str(runs.step().error)
    assert "Cannot cancel a run that is completed." in str(runs.step().error)


def test_a_worker_lost_while_it_cancels_does_it_again(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("cancel: true"))
    runs.world.cancel(runs.id)
    runs.die_here("effect.after")
    runs.next_worker()

    assert runs.run().status is Status.CANCELLED
    assert len(system.cancelled) == 2


def test_a_run_cancelled_during_a_look_cancels_the_job(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("cancel: true"))
    system.during_a_look = lambda: runs.world.cancel(runs.id)
    runs.pass_by()

    assert runs.run().status is Status.CANCELLED
    assert len(system.cancelled) == 1


def test_a_run_cancelled_while_its_start_is_in_doubt_leaves_the_doubt(runs: Runs, system: JobPlay) -> None:
    system.lose_answers, system.hidden = 1, True
    runs.work(system.step("cancel: true"))
    runs.world.cancel(runs.id)
    runs.world.work()

    assert (runs.run().status, runs.step().status) == (Status.CANCELLED, Status.UNKNOWN)
    assert system.cancelled == []


# A worker or an answer is lost -----------------------------------------------------------------------


def test_a_worker_lost_after_the_start_asks_nobody(runs: Runs, system: JobPlay) -> None:
    runs.lose_worker(system.step(), "effect.after")
    assert (len(system.jobs), runs.run().waiting_for) == (1, WaitingFor.TIMER)

    system.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert len(system.jobs) == 1


def test_a_job_that_shows_up_late_is_still_ours(runs: Runs, system: JobPlay) -> None:
    """Right after the start, a list may be older than the job: then nothing is started a second time."""
    system.hidden = True
    runs.lose_worker(system.step(), "effect.after")
    runs.pass_by(times=6)
    assert "does not show it yet" in str(runs.step().error)

    system.hidden = False
    runs.pass_by()
    system.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert len(system.jobs) == 1


def test_a_worker_lost_before_the_start_is_a_question_in_the_end(runs: Runs, system: JobPlay) -> None:
    """Nobody can tell a start that never came from one that does not show: people can."""
    runs.lose_worker(system.step(), "effect.before")
    runs.pass_by(times=11)
    assert not runs.is_asked()
    runs.pass_by(times=2)

    assert runs.is_asked()
    assert "does not show it even after 2 min" in str(runs.step().error)
    assert system.jobs == []


def test_who_says_run_it_again_is_obeyed_at_once(runs: Runs, system: JobPlay) -> None:
    runs.lose_worker(system.step(), "effect.before")
    runs.pass_by(times=13)

    runs.world.judge(runs.id, "run_again")
    runs.world.work()

    assert len(system.jobs) == 1
    system.end()
    runs.pass_by(times=2)
    assert runs.run().status is Status.SUCCEEDED


def test_with_safe_it_is_started_again_after_the_search(runs: Runs, system: JobPlay) -> None:
    runs.lose_worker(system.step(SAFE), "effect.before")
    runs.pass_by(times=11)
    assert system.jobs == []
    runs.pass_by(times=3)
    assert len(system.jobs) == 1

    system.end()
    runs.pass_by(times=2)
    assert runs.run().status is Status.SUCCEEDED


def test_a_worker_lost_again_and_again_starts_nothing_twice(runs: Runs, system: JobPlay) -> None:
    """It dies after the start, and in the search for it. (A third loss would be the definition's: quarantine.)"""
    runs.begin(system.step())
    for _ in range(2):
        runs.die_here("effect.after")
        runs.world.clock.pass_by(seconds=21)
    runs.next_worker()
    runs.pass_by()

    system.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert len(system.jobs) == 1


@pytest.mark.parametrize("point", ["effect.before", "effect.after"])
def test_a_worker_lost_in_a_look_asks_nobody(runs: Runs, system: JobPlay, point: str) -> None:
    runs.work(system.step())
    runs.world.clock.pass_by(seconds=11)
    system.end()
    runs.die_here(point)
    runs.next_worker()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert (len(system.jobs), runs.step().attempt) == (1, 1)


def test_a_database_that_does_not_know_of_the_start_finds_its_job(runs: Runs, system: JobPlay) -> None:
    """It was restored from a copy that is older than the start."""
    runs.work(system.step())
    with runs.world.unit_of_work.begin() as work:
        step = work.session.scalars(select(StepExecution).where(StepExecution.execution_id == runs.id)).one()
        step.status, step.attempt, step.maybe_done = Status.PENDING, 0, True
        step.progress = step.request = step.output = step.error = None
        run = work.session.get_one(RunbookExecution, runs.id)
        run.status, run.waiting_for, run.revision = Status.RUNNING, None, run.revision + 1
    runs.pass_by(times=2)
    system.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert len(system.jobs) == 1


def test_an_answer_lost_after_the_start_asks_nobody(runs: Runs, system: JobPlay) -> None:
    system.lose_answers = 1
    runs.work(system.step())
    assert "It is not known whether it was done" in str(runs.step().error)

    runs.pass_by(times=2)
    system.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert len(system.jobs) == 1


def test_a_call_lost_before_the_start_is_a_question_in_the_end(runs: Runs, system: JobPlay) -> None:
    system.lose_calls = 1
    runs.work(system.step())
    runs.pass_by(times=13)

    assert runs.is_asked()
    assert system.jobs == []


def test_an_answer_that_proves_nothing_is_no_failure(runs: Runs, system: JobPlay) -> None:
    """A proxy that gives up does not say what became of the call behind it."""
    system.refusal = Answer(504, {"message": "Gateway Time-out"})
    runs.work(system.step())

    assert (runs.run().status, runs.run().waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    assert "answered 504" in str(runs.step().error)


@pytest.mark.parametrize("lost", ["worker", "answer"])
def test_without_a_key_people_are_asked_at_once(runs: Runs, keyless: JobPlay, lost: str) -> None:
    if lost == "worker":
        runs.lose_worker(keyless.step(keyed=False), "effect.after")
    else:
        keyless.lose_answers = 1
        runs.work(keyless.step(keyed=False))

    assert runs.is_asked()
    assert len(keyless.jobs) == 1


# Starts that are refused, and retries ------------------------------------------------------------------


def test_a_refused_start_is_a_failure_without_doubt(runs: Runs, system: JobPlay) -> None:
    system.refusal = Answer(403, {"message": "Resource not accessible"})
    runs.work(system.step())

    assert runs.run().status is Status.FAILED
    assert "answered 403" in str(runs.step().error)
    assert "Resource not accessible" in str(runs.step().error)


def test_a_refused_start_is_retried_without_a_search(runs: Runs, system: JobPlay) -> None:
    system.refusal = Answer(429, {"message": "Slow down"}, {"Retry-After": "7"})
    runs.work(system.step(SAFE))
    system.refusal = None
    runs.pass_by(seconds=7)

    assert system.marks == [f"{runs.id}.deploy.2"]


def test_a_failed_job_is_started_again_only_where_that_is_safe(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step(SAFE))
    system.end(well=False)
    runs.pass_by(times=3)
    assert system.marks == [f"{runs.id}.deploy.1", f"{runs.id}.deploy.2"]

    system.end()
    runs.pass_by(times=2)
    assert runs.run().status is Status.SUCCEEDED


def test_the_second_attempts_job_is_not_taken_for_the_firsts(runs: Runs, system: JobPlay) -> None:
    """The first attempt's job failed, and the worker is lost after it started the second one."""
    runs.work(system.step(SAFE))
    runs.pass_by()
    system.end(well=False)
    runs.pass_by()
    runs.world.clock.pass_by(seconds=2)
    runs.die_here("effect.after")
    runs.next_worker()
    runs.pass_by()
    assert runs.run().status is Status.WAITING

    system.end()
    runs.pass_by(times=2)
    assert runs.run().status is Status.SUCCEEDED
    assert len(system.jobs) == 2


# Looks that fail ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503, 404, 401, 429])
def test_a_look_that_fails_does_not_fail_the_step(runs: Runs, system: JobPlay, status: int) -> None:
    runs.work(system.step())
    system.looks = Answer(status, {"message": "Not now"})
    runs.pass_by(times=3)
    assert f"It could not be looked at: {_name(runs)} answered {status}" in str(runs.step().error)

    system.looks = None
    system.end()
    runs.pass_by(times=2)
    assert runs.run().status is Status.SUCCEEDED


def test_what_is_refused_for_long_is_asked_about(runs: Runs, system: JobPlay) -> None:
    """Its token was revoked, or the job was deleted: nobody knows how it ended."""
    runs.work(system.step())
    system.looks = Answer(404, {"message": "Not Found"})
    runs.pass_by(60, times=9)
    assert not runs.is_asked()
    runs.pass_by(60, times=2)

    assert runs.is_asked()
    assert str(runs.step().error).startswith("It was started, and how it ends is not known")


def test_what_does_not_answer_until_its_time_is_over_is_asked_about(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step("timeout: 1m"))
    system.looks = Answer(502, {"message": "Bad Gateway"})
    runs.pass_by(times=6)

    assert runs.is_asked()


# Secrets and egress ------------------------------------------------------------------------------------


def test_the_token_is_sent_and_never_shown(runs: Runs, system: JobPlay) -> None:
    """Not even if the system quotes it."""
    system.refusal = Answer(400, {"message": f"Bad credentials: {TOKEN}"})
    runs.work(system.step())

    assert "authorization" in system.calls[0].headers
    assert TOKEN not in runs.run().model_dump_json()
    assert "Bad credentials: ***" in str(runs.step().error)


def test_a_host_that_is_not_allowed_is_not_called(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step().replace(system.url, system.url.replace("127.0.0.1", "192.0.2.1")))

    assert runs.run().status is Status.FAILED
    assert system.calls == []


def test_a_secret_goes_only_where_it_may(runs: Runs, system: JobPlay) -> None:
    """It is declared for another host."""
    declaration = """
    kind: secret
    name: TOKEN
    source: {env: RUNBOOK_SECRET_TOKEN}
    teams: [database]
    hosts: [ci.example]
    """
    runs.begin(system.step())
    apply_text(runs.world.unit_of_work, dedent(declaration), "secrets.yaml", approve=False)
    runs.world.work()

    assert runs.run().status is Status.FAILED
    assert "may not be sent to its destination" in str(runs.step().error)
    assert system.calls == []


def test_a_secret_that_is_away_for_a_while_does_not_end_what_goes_on(runs: Runs, system: JobPlay) -> None:
    runs.work(system.step())
    there = runs.world.executor
    runs.world.executor = new_executor(runs.world.unit_of_work)
    runs.pass_by()
    assert "It could not be looked at" in str(runs.step().error)

    runs.world.executor = there
    system.end()
    runs.pass_by(times=2)
    assert runs.run().status is Status.SUCCEEDED


def _name(runs: Runs) -> str:
    return {"github_actions": "GitHub", "jenkins": "Jenkins", "awx": "AWX", "aws_ssm": "AWS"}[
        runs.step().type
    ]


# Gates -------------------------------------------------------------------------------------------------

GATE = "- {id: gate, type: approval, approvers: {team: database, role: admin}}"


def test_an_approval_is_used_up_by_the_start(runs: Runs, github: GitHub) -> None:
    """A change of the incident alters what a start would send, not what is only looked at."""
    step = github.step().replace("cluster: orders", 'title: "{{ incident.title }}"')
    runs.work(f"{GATE}\n{dedent(step)}")
    runs.world.decide(runs.id, approved=True)
    runs.world.work()
    assert len(github.jobs) == 1

    with runs.world.unit_of_work.begin() as work:
        work.session.get_one(Incident, runs.world.incident.id).title = "Users down"
    runs.pass_by(times=2)
    github.end()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert "Orders down" in str(runs.world.step(runs.id, 1).request)
