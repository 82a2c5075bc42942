"""Child runs on a real database: a step that runs others, and what reaches from the parent to its children."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select, text

from core.errors import Conflict, NotAllowed
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import LEASE
from core.services.freezes.declaring import freeze, unfreeze
from core.services.runs.inputs import answer_input, find_input_of_run
from core.services.runs.retries import retry
from core.services.starts import child_starts
from core.statuses import Status, WaitingFor
from core.tables import Notice, RunbookExecution
from tests.integration.core.world import CoreWorld
from tests.world import Target, apply_documents, start_run

EACH = """
kind: runbook
name: fleet
team: database
parameters: {{type: object, properties: {{hosts: {{type: array, items: {{type: string}}}}}}}}
steps:
  - id: hosts
    type: http
    url: {url}/hosts
    save: {{names: response.json.hosts}}
  - id: each
    type: runbook
    foreach: steps.hosts.saved.names
    as: host
    {fields}
    steps:
      - {{id: restart, type: http, method: POST, url: "{url}/restart/{{{{ host }}}}"}}
      - {{id: check, type: http, url: "{url}/check/{{{{ host }}}}", save: {{seconds: response.json.seconds}}}}
  - {{id: told, type: message, text: "{{{{ steps.each.output.children[0].name }}}}"}}
"""


@pytest.fixture
def hosts(target: Target) -> Target:
    target.bodies["/hosts"] = b'{"hosts": ["db-1", "db-2", "db-3", "db-4"]}'
    return target


def begin(world: CoreWorld, target: Target, fields: str = "concurrency: 2") -> str:
    apply_documents(world.unit_of_work, EACH.format(url=target.url, fields=fields))
    return start_run(world.unit_of_work, world.incident, "fleet")


def children(world: CoreWorld, run: str) -> Sequence[RunbookExecution]:
    with world.unit_of_work.begin() as work:
        query = select(RunbookExecution).where(RunbookExecution.parent_execution_id == run)
        return work.session.scalars(query.order_by(RunbookExecution.child_index)).all()


def set_rows(world: CoreWorld, table: str, values: str, where: str, **given: object) -> None:
    """Change rows as a process left them that died at the wrong moment."""
    with world.unit_of_work.engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {values} WHERE {where}"), given)


def outputs(world: CoreWorld, run: str) -> list[dict[str, object]]:
    output = world.step(run, 1).output
    assert isinstance(output, dict)
    found: list[dict[str, object]] = output["children"]
    return found


def test_there_is_a_child_for_each_item(world: CoreWorld, hosts: Target) -> None:
    run = begin(world, hosts)
    world.work()

    ended = world.see(run)
    assert (ended.status, ended.error) == (Status.SUCCEEDED, None)
    assert [child.status for child in children(world, run)] == [Status.SUCCEEDED] * 4
    assert sorted(path for path in hosts.paths() if "restart" in path) == [
        f"/restart/db-{i}" for i in (1, 2, 3, 4)
    ]
    first = outputs(world, run)[0]
    assert (first["name"], first["item"], first["status"]) == ("db-1", "db-1", "succeeded")
    assert first["saved"] == {"seconds": 1.5}
    assert world.step(run, 2).output == {"text": "db-1"}


def test_as_many_run_at_once_as_it_says(world: CoreWorld, hosts: Target) -> None:
    run = begin(world, hosts, "concurrency: 3")
    kind, execution_id = world.jobs.pop(0)
    assert (kind, execution_id) == ("runbook", run)
    world.executor.run(RUNBOOK, run)
    waiting = world.see(run)
    assert (waiting.status, waiting.waiting_for) == (Status.WAITING, WaitingFor.CHILDREN)
    assert len(world.jobs) == 3, "three are due; the fourth takes the place of the first that ends"
    world.work()
    assert world.see(run).status is Status.SUCCEEDED


def test_one_that_fails_keeps_the_others_from_starting(world: CoreWorld, hosts: Target) -> None:
    hosts.answers["/restart/db-2"] = 500
    run = begin(world, hosts, "concurrency: 1")
    world.work()

    assert world.see(run).status is Status.FAILED
    statuses = [child.status for child in children(world, run)]
    assert statuses == [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.CANCELLED]
    said = str(world.step(run, 1).error)
    assert said == "1 of 4 child runs succeeded; all must. Did not succeed: db-2."
    assert "/restart/db-3" not in hosts.paths()


def test_the_others_run_all_the_same_if_it_says_so(world: CoreWorld, hosts: Target) -> None:
    hosts.answers["/restart/db-2"] = 500
    run = begin(world, hosts, "on_child_failure: continue\n    need: 3")
    world.work()
    assert world.see(run).status is Status.SUCCEEDED
    assert [each["status"] for each in outputs(world, run)] == [
        "succeeded",
        "failed",
        "succeeded",
        "succeeded",
    ]


def test_a_retry_runs_only_what_did_not_succeed(world: CoreWorld, hosts: Target) -> None:
    hosts.answers["/check/db-2"] = 500
    run = begin(world, hosts, "on_child_failure: continue")
    world.work()
    assert world.see(run).status is Status.FAILED
    hosts.answers["/check/db-2"] = 200
    hosts.calls.clear()

    with world.unit_of_work.begin() as work:
        again = retry(work, load_person(work, "U0DBOPS", source="test"), run).id
    world.work()

    assert world.see(again).status is Status.SUCCEEDED
    assert hosts.paths() == ["/check/db-2"], "not even the restart of db-2, which had succeeded"
    assert [each["status"] for each in outputs(world, again)] == ["succeeded"] * 4


def test_a_retry_does_not_repeat_a_child_that_was_cancelled_as_its_last_step_ended(
    world: CoreWorld, hosts: Target
) -> None:
    run = begin(world, hosts, "concurrency: 1")
    hosts.during["/check/db-1"] = lambda: world.cancel(run)
    world.work()
    first = world.see(children(world, run)[0].id)
    assert (first.status, {step.status for step in first.steps}) == (Status.CANCELLED, {Status.SUCCEEDED})
    hosts.during.clear()
    hosts.calls.clear()

    with world.unit_of_work.begin() as work:
        again = retry(work, load_person(work, "U0DBOPS", source="test"), run).id
    world.work()

    assert [path for path in hosts.paths() if path.endswith("db-1")] == []
    assert [child.status for child in children(world, again)] == [Status.SUCCEEDED] * 4
    assert world.see(again).status is Status.SUCCEEDED


def test_a_cancel_reaches_the_children(world: CoreWorld, hosts: Target) -> None:
    run = begin(world, hosts, "concurrency: 2")
    world.executor.run(RUNBOOK, run)
    world.jobs.clear()
    world.cancel(run)
    world.work()
    assert world.see(run).status is Status.CANCELLED
    assert {child.status for child in children(world, run)} == {Status.CANCELLED}
    assert [path for path in hosts.paths() if "restart" in path] == []


def test_a_cancel_reaches_the_children_of_a_run_whose_worker_is_lost(world: CoreWorld, hosts: Target) -> None:
    run = begin(world, hosts, "concurrency: 2")
    world.executor.run(RUNBOOK, run)
    with world.unit_of_work.begin() as work:  # a worker took it to look at its children, and was lost
        row = work.session.get_one(RunbookExecution, run)
        row.worker, row.wake_at = "lost.1", work.now + LEASE
    world.cancel(run)
    world.work()
    assert [path for path in hosts.paths() if "restart" in path] == []
    assert {child.status for child in children(world, run)} == {Status.CANCELLED}

    world.pass_by(seconds=LEASE.total_seconds() + 1)
    assert world.see(run).status is Status.CANCELLED


def test_the_runs_timeout_reaches_the_children(world: CoreWorld, hosts: Target) -> None:
    document = EACH.format(url=hosts.url, fields="concurrency: 2").replace(
        "steps:\n  - id: hosts", "timeout: 5m\nsteps:\n  - id: hosts"
    )
    apply_documents(world.unit_of_work, document)
    run = start_run(world.unit_of_work, world.incident, "fleet")
    world.executor.run(RUNBOOK, run)
    world.jobs.clear()
    world.pass_by(minutes=6)
    assert world.see(run).status is Status.TIMED_OUT
    assert {child.status for child in children(world, run)} <= {Status.CANCELLED, Status.SUCCEEDED}


def test_a_child_has_no_card_of_its_own_and_its_gate_is_asked_in_the_channel(
    world: CoreWorld, hosts: Target
) -> None:
    steps = f"""
    - id: both
      type: parallel
      branches:
        one:
          - {{id: ask, type: approval}}
          - {{id: first, type: http, method: POST, url: {hosts.url}/first}}
        two:
          - {{id: second, type: http, method: POST, url: {hosts.url}/second}}
    """
    run = world.begin(steps)
    world.work()
    one, two = children(world, run)
    assert (one.child_name, one.waiting_for, two.status) == ("one", "approval", Status.SUCCEEDED)
    with world.unit_of_work.begin() as work:
        notices = work.session.execute(select(Notice.kind, Notice.subject_id)).all()
    kinds = sorted(kind for kind, subject in notices if subject in (run, one.id, two.id))
    assert kinds == ["detail", "headline"]
    assert sum(kind == "gate" for kind, _ in notices) == 1

    world.decide(one.id, approved=True)
    world.work()
    assert world.see(run).status is Status.SUCCEEDED
    assert hosts.paths() == ["/second", "/first"]


def test_a_child_can_run_another_runbook_with_parameters(world: CoreWorld, hosts: Target) -> None:
    inner = f"""
kind: runbook
name: restart-host
team: database
lock: "host/{{{{ params.host }}}}"
parameters: {{type: object, required: [host], properties: {{host: {{type: string}}}}}}
steps:
  - {{id: restart, type: http, method: POST, url: "{hosts.url}/restart/{{{{ params.host }}}}"}}
"""
    apply_documents(world.unit_of_work, inner)
    steps = """
    - id: each
      type: runbook
      foreach: '["db-1", "db-2"]'
      runbook: restart-host
      parameters: {host: "{{ item }}"}
    """
    run = world.begin(steps)
    world.work()
    assert world.see(run).status is Status.SUCCEEDED
    assert [child.runbook_name for child in children(world, run)] == ["restart-host"] * 2
    assert hosts.paths() == ["/restart/db-1", "/restart/db-2"]


def test_no_items_are_no_children(world: CoreWorld, hosts: Target) -> None:
    hosts.bodies["/hosts"] = b'{"hosts": []}'
    steps = EACH.replace("  - {{id: told", "  - {{id: told, if: size(steps.each.output.children) > 0")
    apply_documents(world.unit_of_work, steps.format(url=hosts.url, fields="concurrency: 2"))
    run = start_run(world.unit_of_work, world.incident, "fleet")
    world.work()
    assert world.see(run).status is Status.SUCCEEDED


LOCKED = """
kind: runbook
name: locked
team: database
lock: db/orders
on_conflict: reject
steps:
  - {id: say, type: message, text: hi}
"""


def test_a_lock_that_the_parent_holds_is_not_waited_for_by_its_child(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, LOCKED)
    parent = LOCKED.replace("locked", "parent").replace(
        "{id: say, type: message, text: hi}", "{id: inner, type: runbook, runbook: locked}"
    )
    apply_documents(world.unit_of_work, parent)
    run = start_run(world.unit_of_work, world.incident, "parent")
    world.work()
    assert world.see(run).status is Status.SUCCEEDED


def test_a_lock_that_somebody_else_holds_fails_the_child(world: CoreWorld) -> None:
    waits = LOCKED.replace("locked", "holder").replace(
        "{id: say, type: message, text: hi}", "{id: a, type: approval}"
    )
    apply_documents(world.unit_of_work, f"{LOCKED}---{waits}")
    start_run(world.unit_of_work, world.incident, "holder")
    world.work()
    run = world.begin("- {id: inner, type: runbook, runbook: locked}")
    world.work()
    assert world.see(run).status is Status.FAILED
    [child] = children(world, run)
    assert "locked by holder" in str(child.error)


def test_runs_inside_runs_end_at_a_depth(world: CoreWorld) -> None:
    """Each names the next; validate finds circles, and this is what is left."""
    documents = [LOCKED.replace("locked", "level-4").replace("lock: db/orders\non_conflict: reject\n", "")]
    for level in (3, 2, 1, 0):
        step = f"{{id: inner, type: runbook, runbook: level-{level + 1}}}"
        documents.append(f"kind: runbook\nname: level-{level}\nteam: database\nsteps:\n  - {step}\n")
    for document in documents:
        apply_documents(world.unit_of_work, document)
    shallow = start_run(world.unit_of_work, world.incident, "level-1")
    deep = start_run(world.unit_of_work, world.incident, "level-0")
    world.work()
    assert world.see(shallow).status is Status.SUCCEEDED
    assert world.see(deep).status is Status.FAILED
    assert "already 3 runs deep" in str(world.see(deep).error) or "already 3 runs deep" in str(
        [child.error for child in children(world, children(world, children(world, deep)[0].id)[0].id)]
    )


def test_a_freeze_holds_the_children(world: CoreWorld, hosts: Target) -> None:
    run = begin(world, hosts, "concurrency: 2")
    world.executor.run(RUNBOOK, run)
    with world.unit_of_work.begin() as work:
        admin = load_person(work, "U0ADMIN", source="test")
        held_by = freeze(work, admin, team=None, reason="a look around").id
    world.work()
    assert [path for path in hosts.paths() if "restart" in path] == []
    held = [child.waiting_for for child in children(world, run)]
    assert held == ["freeze", "freeze", None, None]

    with world.unit_of_work.begin() as work:
        unfreeze(work, load_person(work, "U0ADMIN", source="test"), held_by)
    world.work()
    assert world.see(run).status is Status.SUCCEEDED


def test_a_child_in_doubt_is_asked_about_and_its_verdict_goes_on(world: CoreWorld, hosts: Target) -> None:
    hosts.bodies["/hosts"] = b'{"hosts": ["db-1"]}'
    run = begin(world, hosts)
    world.executor.run(RUNBOOK, run)
    [child] = children(world, run)
    # As a worker leaves it that dies within its call.
    values = "status = 'running', worker = 'dead', wake_at = :until, started_at = now()"
    until = world.clock.now() + LEASE
    set_rows(world, "runbook_executions", values, "id = :id", until=until, id=child.id)
    values = "status = 'running', attempt = 1, request = '{}', started_at = now()"
    set_rows(world, "step_executions", values, "execution_id = :id AND position = 0", id=child.id)
    world.jobs.clear()
    world.pass_by(seconds=LEASE.total_seconds() + 1)
    assert children(world, run)[0].waiting_for == "verdict"
    assert world.see(run).waiting_for is WaitingFor.CHILDREN

    world.judge(child.id, "ran")
    world.work()
    assert world.see(run).status is Status.SUCCEEDED
    assert "/restart/db-1" not in hosts.paths()


def test_a_parent_that_missed_a_childs_end_looks_for_itself(world: CoreWorld, hosts: Target) -> None:
    """Whatever kept the end from reaching it: it makes sure once a minute."""
    run = begin(world, hosts, "concurrency: 4")
    world.executor.run(RUNBOOK, run)
    values = "status = 'succeeded', finished_at = now(), started_at = now(), wake_at = NULL"
    set_rows(world, "runbook_executions", values, "parent_execution_id = :id", id=run)
    world.jobs.clear()
    world.pass_by(seconds=61)
    assert world.see(run).status is Status.SUCCEEDED


def test_a_retry_does_not_silently_repeat_a_child_in_doubt(world: CoreWorld, hosts: Target) -> None:
    run = begin(world, hosts, "concurrency: 4")
    world.executor.run(RUNBOOK, run)
    first = children(world, run)[0]
    values = "status = 'unknown', started_at = now()"
    set_rows(world, "step_executions", values, "execution_id = :id AND position = 0", id=first.id)
    values = "status = 'waiting', waiting_for = 'verdict', wake_at = NULL"
    set_rows(world, "runbook_executions", values, "id = :id", id=first.id)
    world.cancel(run)
    world.work()
    assert world.see(run).status is Status.CANCELLED
    with world.unit_of_work.begin() as work, pytest.raises(Conflict, match="step restart of db-1 happened"):
        retry(work, load_person(work, "U0DBOPS", source="test"), run)


def test_a_branch_that_fails_cancels_the_others_if_it_says_so(world: CoreWorld, hosts: Target) -> None:
    hosts.answers["/no"] = 500
    steps = f"""
    - id: both
      type: parallel
      on_child_failure: cancel
      branches:
        slow:
          - {{id: ask, type: approval}}
        broken:
          - {{id: no, type: http, method: POST, url: {hosts.url}/no}}
    """
    run = world.begin(steps)
    world.work()
    assert world.see(run).status is Status.FAILED
    assert [child.status for child in children(world, run)] == [Status.CANCELLED, Status.FAILED]
    assert str(children(world, run)[0].error) == "Cancelled by its parent run."


def test_in_a_restored_database_children_that_may_have_run_are_asked_about(
    world: CoreWorld, hosts: Target
) -> None:
    """The database that was copied may have run them, after the copy was taken."""
    hosts.bodies["/hosts"] = b'{"hosts": ["db-1"]}'
    run = begin(world, hosts)
    set_rows(world, "step_executions", "maybe_done = true", "execution_id = :id", id=run)
    world.work()

    [child] = children(world, run)
    assert child.waiting_for == "verdict"
    assert "/restart/db-1" not in hosts.paths()


def test_a_cancel_while_one_child_has_failed_and_another_still_runs_waits_for_that(
    world: CoreWorld, hosts: Target
) -> None:
    hosts.answers["/restart/db-1"] = 500
    run = begin(world, hosts, "concurrency: 2\n    on_child_failure: cancel")
    world.executor.run(RUNBOOK, run)
    failing, running = children(world, run)[:2]
    with world.unit_of_work.begin() as work:  # another worker holds it
        row = work.session.get_one(RunbookExecution, running.id)
        row.worker, row.status, row.started_at = "another.1", Status.RUNNING, work.now
        row.wake_at = work.now + LEASE
    world.executor.run(RUNBOOK, failing.id)  # which wakes the parent
    world.jobs.clear()
    world.cancel(run)

    assert not world.see(run).status.is_final
    world.work()
    assert not world.see(run).status.is_final, "a child of it still runs"

    world.pass_by(seconds=LEASE.total_seconds() + 1)
    ended, child = world.see(run), world.see(running.id)
    assert (ended.status, child.status) == (Status.CANCELLED, Status.CANCELLED)
    assert child.finished_at is not None
    assert ended.finished_at is not None
    assert child.finished_at <= ended.finished_at


def test_a_gate_shows_what_the_children_will_run(world: CoreWorld) -> None:
    """Who approves a deletion on many hosts reads the command, not only the names of the hosts."""
    steps = """
    - id: gate
      type: approval
    - id: each
      type: runbook
      foreach: '[{"name": "db-1"}, {"name": "db-2"}]'
      as: host
      steps:
        - {id: clear, type: shell, argv: [find, "/srv/{{ host.name }}", -delete]}
    """
    run = world.begin(steps)
    world.work()
    gate = world.see(run).approval
    assert gate is not None
    assert gate.shown is not None
    request = gate.shown[0].request
    assert [child["name"] for child in request["children"]] == ["db-1", "db-2"]
    assert request["steps"][0]["argv"] == ["find", "/srv/{{ host.name }}", "-delete"]


def test_runs_inside_runs_are_bounded_in_number(world: CoreWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise three lists of a thousand inside one another were a thousand million runs."""
    monkeypatch.setattr(child_starts, "MOST_DESCENDANTS", 6)
    steps = """
    - id: outer
      type: runbook
      foreach: '["a", "b"]'
      on_child_failure: continue
      steps:
        - id: inner
          type: runbook
          foreach: '[1, 2, 3]'
          steps:
            - {id: say, type: message, text: "{{ item }}"}
    """
    run = world.begin(steps)
    world.work()
    one, two = children(world, run)
    assert (one.status, two.status) == (Status.SUCCEEDED, Status.FAILED)
    assert "The run would have 8 child runs in all; at most 6 are allowed." in str(two.error)


def test_who_enters_values_in_a_child_does_not_approve_what_its_parent_makes_of_them(
    world: CoreWorld,
) -> None:
    steps = """
    - id: inner
      type: runbook
      steps:
        - {id: which, type: input, message: Which?, schema: {type: object, properties: {host: {type: string}}}}
    - {id: gate, type: approval, approvers: {team: database, role: admin}}
    - {id: say, type: message, text: "{{ steps.inner.output.children[0].saved.host }}"}
    """
    run = world.begin(steps)
    world.work()
    [child] = children(world, run)
    with world.unit_of_work.begin() as work:
        admin = load_person(work, "U0DBADMIN", source="test")
        answer_input(work, admin, find_input_of_run(work, admin, child.id), {"host": "db-1"})
    world.work()
    with pytest.raises(NotAllowed, match=r"entered values|initiat"):
        world.decide(run, approved=True, person="U0DBADMIN")


def test_parameters_of_many_children_are_bounded_together(world: CoreWorld) -> None:
    """Each of a thousand children may look through a list of a thousand, fifty times: that took minutes of a worker."""
    leaf = "kind: runbook\nname: leaf\nteam: database\nsteps:\n  - {id: say, type: message, text: hi}\n"
    apply_documents(world.unit_of_work, leaf)
    look = "{{ items.filter(x, x == item).size() }}".replace("items", "steps.many.saved.items")
    parameters = ", ".join(f'p{number}: "{look}"' for number in range(50))
    steps = f"""
    - {{id: many, type: shell, argv: [seq, "1", "999"], save: {{items: 'result.stdout.split("\\n")'}}}}
    - id: each
      type: runbook
      runbook: leaf
      foreach: steps.many.saved.items
      parameters: {{{parameters}}}
    """
    run = world.begin(steps)
    world.work()
    assert world.see(run).status is Status.FAILED
    assert "would take too long to evaluate" in str(world.step(run, 1).error)
    assert children(world, run) == []
