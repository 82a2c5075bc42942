"""The step `kubernetes` against an API server that plays the documented API, over TLS."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from core.statuses import Status, WaitingFor
from core.tables import RunbookExecution, StepExecution
from tests.integration.core.systems.conftest import Runs
from tests.servers.certificates import certificates
from tests.systems.clusters import BEARER, cluster, encoded, kubeconfig, step
from tests.systems.kubernetes import CRON_JOBS, JOBS, NODES, PODS, Kubernetes
from tests.systems.play import Answer
from tests.world import new_executor

POINTS = pytest.mark.parametrize("point", ["effect.before", "effect.after"])
SPEC = "spec: {template: {spec: {containers: [{name: main, image: busybox, command: [date]}]}}}"
SAFE = "retry: {safe: true, attempts: 2, backoff: 1s}"


@pytest.fixture
def play(runs: Runs) -> Iterator[Kubernetes]:
    with cluster() as there:
        use(runs, there, KUBECONFIG=kubeconfig(there.url))
        there.put(f"{NODES}/node-1", {"spec": {}})
        yield there


def use(runs: Runs, play: Kubernetes, **secrets: str) -> None:
    runs.world.executor = new_executor(runs.world.unit_of_work, secrets=secrets)


def changes(play: Kubernetes) -> list[str]:
    return [f"{call.method} {call.path}" for call in play.calls if call.method != "GET"]


def template_of(play: Kubernetes, path: str) -> dict[str, Any]:
    found: dict[str, Any] = play.objects[path]["spec"]["template"]
    return found


# Rollouts --------------------------------------------------------------------------------------------


def test_a_restart_is_followed_until_the_rollout_is_complete(runs: Runs, play: Kubernetes) -> None:
    path = play.deploy()
    runs.work(
        step(play, "rollout_restart", "deployment/orders", "save: {there: job.status.availableReplicas}")
    )
    assert (runs.run().status, runs.run().waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    assert "not yet seen by its controller" in str(runs.step().error)

    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert runs.saved == {"there": 3}
    assert template_of(play, path)["metadata"]["annotations"] == {"runbook/restarted-by": f"{runs.id}.act.1"}


def test_without_wait_it_is_enough_that_it_was_accepted(runs: Runs, play: Kubernetes) -> None:
    play.deploy()
    runs.work(step(play, "rollout_restart", "deployment/orders", "wait: false"))

    assert runs.run().status is Status.SUCCEEDED
    assert runs.step().output["status"] == "accepted"


@POINTS
def test_a_lost_worker_restarts_nothing_twice(runs: Runs, play: Kubernetes, point: str) -> None:
    path = play.deploy()
    generation = play.objects[path]["metadata"]["generation"]
    runs.lose_worker(step(play, "rollout_restart", "deployment/orders"), point)
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert play.objects[path]["metadata"]["generation"] == generation + 1


@POINTS
def test_a_worker_lost_in_a_look_asks_nobody(runs: Runs, play: Kubernetes, point: str) -> None:
    play.deploy()
    runs.work(step(play, "rollout_restart", "deployment/orders"))
    play.settle()
    runs.world.clock.pass_by(seconds=11)
    runs.die_here(point)
    runs.next_worker()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert len(changes(play)) == 1


@pytest.mark.parametrize("lost", ["lose_answers", "lose_calls"])
def test_a_lost_answer_restarts_nothing_twice(runs: Runs, play: Kubernetes, lost: str) -> None:
    path = play.deploy()
    generation = play.objects[path]["metadata"]["generation"]
    setattr(play, lost, 1)
    runs.work(step(play, "rollout_restart", "deployment/orders"))
    assert "It is not known whether it was done" in str(runs.step().error)
    runs.pass_by()
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert play.objects[path]["metadata"]["generation"] == generation + 1


def test_a_restart_that_failed_is_restarted_by_a_retry(runs: Runs, play: Kubernetes) -> None:
    path = play.deploy()
    runs.work(step(play, "rollout_restart", "deployment/orders", SAFE))
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    generation = play.objects[path]["metadata"]["generation"]
    play.put(
        path, {**play.objects[path], "status": {"observedGeneration": generation, "conditions": [condition]}}
    )
    runs.pass_by()
    assert "It ended as ProgressDeadlineExceeded" in str(runs.step().error)
    runs.pass_by()

    assert template_of(play, path)["metadata"]["annotations"] == {"runbook/restarted-by": f"{runs.id}.act.2"}


def test_its_time_ends(runs: Runs, play: Kubernetes) -> None:
    play.deploy()
    runs.work(step(play, "rollout_restart", "deployment/orders", "timeout: 1m"))
    runs.pass_by(times=6)

    assert runs.run().status is Status.FAILED
    assert "It did not end within 1 min; it is not yet seen by its controller" in str(runs.step().error)


def test_a_cancel_ends_the_looks(runs: Runs, play: Kubernetes) -> None:
    play.deploy()
    runs.work(step(play, "rollout_restart", "deployment/orders"))
    runs.world.cancel(runs.id)
    runs.world.work()

    assert runs.run().status is Status.CANCELLED
    assert len(changes(play)) == 1


def test_a_paused_deployment_is_not_restarted(runs: Runs, play: Kubernetes) -> None:
    path = play.deploy()
    play.put(path, {**play.objects[path], "spec": {**play.objects[path]["spec"], "paused": True}})
    runs.work(step(play, "rollout_restart", "deployment/orders"))

    assert runs.run().status is Status.FAILED
    assert "The deployment is paused" in str(runs.step().error)
    assert changes(play) == []


def test_a_status_only_reads(runs: Runs, play: Kubernetes) -> None:
    path = play.deploy()
    play.put(path, {**play.objects[path], "spec": {**play.objects[path]["spec"], "replicas": 4}})
    runs.lose_worker(step(play, "rollout_status", "deployment/orders"), "effect.after")
    assert runs.run().status is Status.WAITING
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert changes(play) == []


def test_an_object_that_was_replaced_is_another(runs: Runs, play: Kubernetes) -> None:
    path = play.deploy()
    runs.work(step(play, "rollout_restart", "deployment/orders"))
    play.remove(path)
    play.deploy()
    runs.pass_by()

    assert runs.run().status is Status.FAILED
    assert "replaced by another object" in str(runs.step().error)


@pytest.mark.parametrize("loss", ["", "lose_answers", "worker"])
def test_an_undo_returns_to_the_revision_before_once(runs: Runs, play: Kubernetes, loss: str) -> None:
    """Done twice, it would undo itself."""
    path = play.deploy(image="orders:1")
    play.deploy(image="orders:2")
    text = step(play, "rollout_undo", "deployment/orders")
    if loss == "worker":
        runs.lose_worker(text, "effect.after")
    else:
        play.lose_answers = int(bool(loss))
        runs.work(text)
    play.settle()
    runs.pass_by()
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert template_of(play, path)["spec"]["containers"][0]["image"] == "orders:1"
    assert template_of(play, path)["metadata"]["labels"] == {"app": "orders"}


def test_an_undo_without_an_earlier_revision_changes_nothing(runs: Runs, play: Kubernetes) -> None:
    play.deploy()
    runs.work(step(play, "rollout_undo", "deployment/orders"))

    assert runs.run().status is Status.FAILED
    assert "no earlier revision" in str(runs.step().error)
    assert changes(play) == []


def test_an_undo_of_what_changes_meanwhile_changes_nothing(runs: Runs, play: Kubernetes) -> None:
    path = play.deploy(image="orders:1")
    play.deploy(image="orders:2")
    play.during_a_look = lambda: setattr(
        play, "during_a_look", lambda: play.put(path, {**play.objects[path], "status": {}})
    )
    runs.work(step(play, "rollout_undo", "deployment/orders"))

    assert runs.run().status is Status.FAILED
    assert "answered 422" in str(runs.step().error)


def test_an_undo_writes_back_exactly_what_was_there(runs: Runs, play: Kubernetes) -> None:
    """A template that contains a secret of ours is not replaced by its mask."""
    path = play.deploy(image=f"orders:{BEARER}")
    play.deploy(image="orders:2")
    runs.work(step(play, "rollout_undo", "deployment/orders", "wait: false"))

    assert template_of(play, path)["spec"]["containers"][0]["image"] == f"orders:{BEARER}"
    assert BEARER not in runs.run().model_dump_json()


@POINTS
def test_it_scales_and_waits_for_the_replicas(runs: Runs, play: Kubernetes, point: str) -> None:
    path = play.deploy()
    runs.lose_worker(step(play, "scale", "deployment/orders", "replicas: 5"), point)
    assert play.objects[path]["spec"]["replicas"] == 5
    assert runs.run().status is Status.WAITING
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED


def test_whoever_scales_meanwhile_is_named_as_the_cause(runs: Runs, play: Kubernetes) -> None:
    path = play.deploy()
    runs.work(step(play, "scale", "deployment/orders", "replicas: 5"))
    play.put(path, {**play.objects[path], "spec": {**play.objects[path]["spec"], "replicas": 2}})
    runs.pass_by()

    assert "It ended as scaled to 2 by somebody else" in str(runs.step().error)


# Pods and nodes ----------------------------------------------------------------------------------------


def test_a_pod_is_deleted_and_its_end_awaited(runs: Runs, play: Kubernetes) -> None:
    path = play.pod("orders-1")
    uid = play.objects[path]["metadata"]["uid"]
    runs.work(step(play, "delete_pod", "pod/orders-1"))
    assert "ending" in str(runs.step().error)
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert runs.step().output["uid"] == uid


def test_a_successor_is_neither_deleted_nor_waited_for(runs: Runs, play: Kubernetes) -> None:
    path = play.pod("db-0", owner="StatefulSet")
    runs.work(step(play, "delete_pod", "pod/db-0"))
    play.settle()
    play.pod("db-0", owner="StatefulSet")
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert "deletionTimestamp" not in play.objects[path]["metadata"]


def test_a_pod_that_may_be_the_successor_is_a_question(runs: Runs, play: Kubernetes) -> None:
    path = play.pod("db-0", owner="StatefulSet")
    runs.begin(step(play, "delete_pod", "pod/db-0"))
    runs.die_here("effect.after")
    play.settle()
    play.pod("db-0", owner="StatefulSet")
    runs.next_worker()

    assert runs.is_asked()
    assert "may be the successor" in str(runs.step().error)
    runs.world.judge(runs.id, "run_again")
    runs.world.work()
    assert "deletionTimestamp" in play.objects[path]["metadata"]


@POINTS
def test_with_its_uid_nobody_is_asked(runs: Runs, play: Kubernetes, point: str) -> None:
    path = play.pod("db-0", owner="StatefulSet")
    runs.begin(step(play, "delete_pod", "pod/db-0", f"uid: {play.objects[path]['metadata']['uid']}"))
    runs.die_here(point)
    play.settle()
    runs.next_worker()
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert path not in play.objects


@pytest.mark.parametrize(("action", "is_cordoned"), [("cordon", True), ("uncordon", False)])
def test_a_node_is_cordoned(runs: Runs, play: Kubernetes, action: str, is_cordoned: bool) -> None:
    runs.lose_worker(step(play, action, "node/node-1"), "effect.after")

    assert runs.run().status is Status.SUCCEEDED
    assert play.objects[f"{NODES}/node-1"]["spec"]["unschedulable"] is is_cordoned


def test_a_drain_respects_budgets_and_ends_when_the_node_is_empty(runs: Runs, play: Kubernetes) -> None:
    play.budget = 2
    for number in range(3):
        play.pod(f"orders-{number}")
    play.pod("log-agent", owner="DaemonSet")
    play.pod("elsewhere", node="node-2")
    runs.work(step(play, "drain", "node/node-1"))
    assert play.objects[f"{NODES}/node-1"]["spec"]["unschedulable"] is True

    runs.pass_by()
    assert "3 pods left, 1 held by a disruption budget" in str(runs.step().error)
    play.settle()
    play.budget = 1
    runs.pass_by()
    play.settle()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert play.evicted == ["orders-0", "orders-1", "orders-2"]


@POINTS
def test_a_worker_lost_while_it_drains_asks_nobody(runs: Runs, play: Kubernetes, point: str) -> None:
    play.pod("orders-0")
    runs.lose_worker(step(play, "drain", "node/node-1"), point)
    runs.world.clock.pass_by(seconds=11)
    runs.die_here(point)
    runs.next_worker()
    play.settle()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert play.evicted == ["orders-0"]


@pytest.mark.parametrize(
    ("owner", "spec", "why", "allow"),
    [
        ("", {}, "has no controller", "force: true"),
        (
            "ReplicaSet",
            {"volumes": [{"name": "x", "emptyDir": {}}]},
            "has an emptyDir",
            "delete_emptydir_data: true",
        ),
    ],
)
def test_what_a_drain_would_lose_is_said_first(
    runs: Runs, play: Kubernetes, owner: str, spec: dict[str, Any], why: str, allow: str
) -> None:
    play.pod("precious", owner=owner, **spec)
    runs.work(step(play, "drain", "node/node-1"))
    assert why in str(runs.step().error)
    assert changes(play) == []

    runs.begin(step(play, "drain", "node/node-1", allow), "again")
    runs.world.work()
    runs.pass_by()
    assert play.evicted == ["precious"]


def test_a_long_list_is_read_in_pages(runs: Runs, play: Kubernetes) -> None:
    for number in range(45):
        play.pod(f"orders-{number:02}")
    runs.work(step(play, "drain", "node/node-1"))

    assert "cordoned, 45 pods to evict" in str(runs.step().error)


# Jobs ---------------------------------------------------------------------------------------------------


def only_job(play: Kubernetes) -> str:
    (path,) = [each for each in play.objects if each.startswith(JOBS)]
    return path


def test_a_job_runs_and_the_end_of_its_log_is_the_output(runs: Runs, play: Kubernetes) -> None:
    play.logs = "".join(f"line {number}\n" for number in range(500)) + f"token: {BEARER}\n"
    runs.work(step(play, "run_job", "job/report", SPEC))
    path = only_job(play)
    assert play.objects[path]["spec"]["backoffLimit"] == 0
    assert play.objects[path]["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    play.end_job(path)
    runs.pass_by()

    (log,) = runs.step().output["logs"].values()
    assert runs.run().status is Status.SUCCEEDED
    assert (log.count("\n"), log.splitlines()[-2:]) == (200, ["line 499", "***"])


def test_a_job_that_fails_shows_its_log(runs: Runs, play: Kubernetes) -> None:
    runs.work(step(play, "run_job", "job/report", SPEC))
    play.logs = "no such table\n"
    play.end_job(only_job(play), well=False)
    runs.pass_by()

    assert runs.run().status is Status.FAILED
    assert "It ended as failed (BackoffLimitExceeded)" in str(runs.step().error)
    assert list(runs.step().output["logs"].values()) == ["no such table\n"]


@pytest.mark.parametrize("loss", ["effect.before", "effect.after", "lose_answers", "lose_calls"])
def test_a_job_is_created_once(runs: Runs, play: Kubernetes, loss: str) -> None:
    text = step(play, "run_job", "job/report", SPEC)
    if loss.startswith("effect"):
        runs.lose_worker(text, loss)
    else:
        setattr(play, loss, 1)
        runs.work(text)
        runs.pass_by()
    play.end_job(only_job(play))
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED


def test_a_job_of_somebody_else_with_its_name_is_not_taken_for_ours(runs: Runs, play: Kubernetes) -> None:
    runs.begin(step(play, "run_job", "job/report", SPEC))
    runs.die_here("effect.after")
    play.objects[only_job(play)]["metadata"]["annotations"] = {}
    runs.next_worker()

    assert runs.run().status is Status.FAILED
    assert "of somebody else" in str(runs.step().error)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_restored_database_creates_no_second_job(runs: Runs, play: Kubernetes, is_there: bool) -> None:
    """Perhaps the job ran, and was deleted since: then people are asked."""
    runs.work(step(play, "run_job", "job/report", SPEC))
    path = only_job(play)
    with runs.world.unit_of_work.begin() as work:
        row = work.session.scalars(select(StepExecution).where(StepExecution.execution_id == runs.id)).one()
        row.status, row.attempt, row.maybe_done = Status.PENDING, 0, True
        row.progress = row.request = row.output = row.error = None
        run = work.session.get_one(RunbookExecution, runs.id)
        run.status, run.waiting_for, run.revision = Status.RUNNING, None, run.revision + 1
    if not is_there:
        play.remove(path)
    runs.pass_by(times=2)

    assert runs.is_asked() is not is_there
    assert changes(play) == [f"POST {JOBS}"]


def test_a_cron_jobs_template_is_run(runs: Runs, play: Kubernetes) -> None:
    spec = {"template": {"spec": {"containers": [{"name": "main", "image": f"vacuum:{BEARER}"}]}}}
    play.put(f"{CRON_JOBS}/vacuum", {"spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": spec}}})
    runs.work(step(play, "run_job", "cronjob/vacuum"))

    assert (
        play.objects[only_job(play)]["spec"]["template"]["spec"]["containers"][0]["image"]
        == f"vacuum:{BEARER}"
    )
    assert BEARER not in runs.run().model_dump_json()


def test_a_cancel_deletes_the_job_if_the_step_says_so(runs: Runs, play: Kubernetes) -> None:
    runs.work(step(play, "run_job", "job/report", SPEC, "cancel: true"))
    path = only_job(play)
    runs.world.cancel(runs.id)
    runs.world.work()

    assert runs.run().status is Status.CANCELLED
    assert path not in play.objects


# Access --------------------------------------------------------------------------------------------------


def test_a_client_certificate_logs_in(runs: Runs, play: Kubernetes) -> None:
    client = certificates().client
    play.token = ""
    user = {"client-certificate-data": encoded(client.certificate), "client-key-data": encoded(client.key)}
    use(runs, play, KUBECONFIG=kubeconfig(play.url, user))
    runs.work(step(play, "cordon", "node/node-1"))

    assert runs.run().status is Status.SUCCEEDED
    assert "authorization" not in play.calls[0].headers


def test_a_service_accounts_token_and_authority_log_in(runs: Runs, play: Kubernetes) -> None:
    use(runs, play, TOKEN=BEARER, CA=certificates().authority.certificate)
    given = 'token: "{{ secrets.TOKEN }}"\n      certificate_authority: "{{ secrets.CA }}"'
    runs.work(step(play, "cordon", "node/node-1").replace('kubeconfig: "{{ secrets.KUBECONFIG }}"', given))

    assert runs.run().status is Status.SUCCEEDED


def test_a_server_of_an_unknown_authority_gets_nothing(runs: Runs, play: Kubernetes) -> None:
    use(runs, play, TOKEN=BEARER)
    text = step(play, "cordon", "node/node-1").replace("kubeconfig:", "token:").replace("KUBECONFIG", "TOKEN")
    runs.work(text)

    assert runs.run().status is Status.FAILED
    assert "CERTIFICATE_VERIFY_FAILED" in str(runs.step().error)
    assert play.calls == []

    runs.begin(text + "  insecure_skip_tls_verify: true\n", "trusting")
    runs.world.work()
    assert runs.run().status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("user", "more", "why"),
    [
        ({"exec": {"command": "touch", "args": ["/tmp/x"]}}, {}, "from a program (exec)"),
        ({"auth-provider": {"name": "gcp"}}, {}, "from a program (a provider"),
        ({"tokenFile": "/etc/shadow"}, {}, "names the file of the token"),
        ({"client-key": "/etc/shadow"}, {}, "names the file of the client's private key"),
        ({}, {"certificate-authority": "/etc/shadow"}, "names the file of the cluster's CA"),
        ({}, {"insecure-skip-tls-verify": True}, "anybody could answer"),
        ({}, {"proxy-url": "http://192.0.2.1"}, "does not support"),
        ({"as": "system:admin"}, {}, "does not support"),
        ({}, {"server": "https://192.0.2.9"}, "no context for https://127.0.0.1"),
        ({"client-certificate-data": "bm8=", "client-key-data": "bm8="}, {}, "cannot be used"),
    ],
)
def test_a_kubeconfig_that_reaches_out_is_refused(
    runs: Runs, play: Kubernetes, user: dict[str, object], more: dict[str, object], why: str
) -> None:
    use(runs, play, KUBECONFIG=kubeconfig(play.url, user, more))
    runs.work(step(play, "cordon", "node/node-1"))

    assert runs.run().status is Status.FAILED
    assert why in str(runs.step().error)
    assert play.calls == []


def test_what_is_no_kubeconfig_is_not_quoted(runs: Runs, play: Kubernetes) -> None:
    use(runs, play, KUBECONFIG="secret-text: [unclosed")
    runs.work(step(play, "cordon", "node/node-1"))

    assert "is not one YAML document" in str(runs.step().error)
    assert "unclosed" not in runs.run().model_dump_json()


def test_the_token_in_a_kubeconfig_is_masked_in_answers(runs: Runs, play: Kubernetes) -> None:
    play.refusal = Answer(403, {"message": f"token {BEARER} {encoded(BEARER)} may not"})
    runs.work(step(play, "cordon", "node/node-1"))

    assert "answered 403" in str(runs.step().error)
    assert BEARER not in runs.run().model_dump_json()
    assert encoded(BEARER) not in runs.run().model_dump_json()


def test_a_private_key_in_a_kubeconfig_is_masked_in_its_decoded_form(runs: Runs, play: Kubernetes) -> None:
    client = certificates().client
    user = {"client-certificate-data": encoded(client.certificate), "client-key-data": encoded(client.key)}
    use(runs, play, KUBECONFIG=kubeconfig(play.url, user))
    line = client.key.splitlines()[1]
    play.refusal = Answer(403, {"message": f"key {line} may not"})
    runs.work(step(play, "cordon", "node/node-1"))

    assert "answered 403" in str(runs.step().error)
    assert line not in runs.run().model_dump_json()


def test_a_server_that_egress_forbids_is_not_called(runs: Runs, play: Kubernetes) -> None:
    other = play.url.replace("127.0.0.1", "192.0.2.1")
    use(runs, play, KUBECONFIG=kubeconfig(other))
    runs.work(step(play, "cordon", "node/node-1").replace(play.url, other))

    assert runs.run().status is Status.FAILED
    assert play.calls == []


def test_without_tls_nothing_is_sent(runs: Runs, play: Kubernetes) -> None:
    runs.work(step(play, "cordon", "node/node-1").replace("https://", "http://"))

    assert "is not https" in str(runs.step().error)
    assert play.calls == []


def test_a_secret_that_is_away_for_a_while_does_not_end_what_goes_on(runs: Runs, play: Kubernetes) -> None:
    play.deploy()
    runs.work(step(play, "rollout_restart", "deployment/orders"))
    there = runs.world.executor
    use(runs, play)
    runs.pass_by()
    assert "It could not be looked at" in str(runs.step().error)

    runs.world.executor = there
    play.settle()
    runs.pass_by(times=2)
    assert runs.run().status is Status.SUCCEEDED


def test_a_pod_of_another_path_is_no_target(runs: Runs, play: Kubernetes) -> None:
    runs.work(step(play, "delete_pod", "pod/../../nodes/node-1"))

    assert "is no target of this action" in str(runs.step().error)
    assert (play.calls, PODS in str(play.calls)) == ([], False)
