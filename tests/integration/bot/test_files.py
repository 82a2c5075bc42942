"""Long outputs follow as files in the run's thread: once, not too many; and where Slack refuses them, it is said."""

import httpx2
import pytest
from sqlalchemy import update

from core.tables import Incident, Notice
from slack_sandbox.values import Json
from tests.integration.bot.world import CHANNEL, WORKSPACE, BotWorld, texts
from tests.world import apply_documents, new_executor, work_off

COMPLETE, START = "files.completeUploadExternal", "files.getUploadURLExternal"
LINES = 900
RUNBOOKS = f"""
kind: runbook
name: long
steps:
  - {{id: list, type: shell, argv: [seq, "{LINES}"]}}
  - {{id: short, type: shell, argv: [echo, brief]}}
---
kind: runbook
name: many
steps:
""" + "\n".join(f'  - {{id: s{number}, type: shell, argv: [seq, "{LINES}"]}}' for number in range(12))


# What is in the database if a poster died between the upload and the commit, once its lease is over.
AS_IF_NOT_RECORDED = update(Notice).where(Notice.kind == "file").values(delivered=0, uncertain=True)


@pytest.fixture(autouse=True)
def _runbooks(world: BotWorld) -> None:
    apply_documents(world.unit_of_work, RUNBOOKS)


def shared(world: BotWorld) -> list[Json]:
    """The messages that show a file."""
    return [each for each in world.people.look("/log")["messages"][CHANNEL] if each.get("files")]


def content(message: Json) -> str:
    [file] = message["files"]
    headers = {"Authorization": f"Bearer {WORKSPACE.app.bot_token}"}
    return httpx2.get(file["url_private_download"], headers=headers, trust_env=False).text


def test_the_whole_of_a_long_output_is_a_file_in_the_thread(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "long")
    world.settle()
    [message] = shared(world)
    assert message["thread_ts"] == world.the("headline")["ts"]
    assert message["files"][0]["title"] == "Output of step list of long"
    assert content(message) == "--- stdout ---\n" + "\n".join(map(str, range(1, LINES + 1))) + "\n"


def test_the_reply_has_head_and_tail_and_says_where_the_rest_is(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "long")
    world.settle()
    said = texts(world.the("detail"))
    assert "```\n1\n2\n" in said
    assert f"\n{LINES}\n```" in said
    assert "\n…\n" in said
    assert "characters are in the file below and on the <https://runbook.example/runs/" in said
    assert said.count("Shortened") == 1, "what is shown whole needs no file"


@pytest.mark.parametrize(
    "fault",
    [
        {"method": COMPLETE, "kind": "reset_after_accept"},
        {"method": COMPLETE, "kind": "reset_before_accept", "times": 2},
        {"method": COMPLETE, "kind": "ratelimited", "retry_after": 7},
        {"method": START, "kind": "status", "status": 500, "times": 2},
        {"method": START, "kind": "reset_after_accept"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_whatever_happens_on_the_way_a_file_arrives_once(
    world: BotWorld, incident: Incident, fault: Json
) -> None:
    world.people.play(fault)
    world.run(incident, "long")
    world.settle()
    assert len(shared(world)) == 1


def test_a_poster_that_dies_after_the_upload_leaves_one_file(world: BotWorld, incident: Incident) -> None:
    """The next poster finds it by its name."""
    world.run(incident, "long")
    world.settle(lambda: len(shared(world)) == 1)
    with world.unit_of_work.begin() as work:
        work.session.execute(AS_IF_NOT_RECORDED)
    world.settle()
    assert len(shared(world)) == 1
    assert len(world.people.calls("conversations.replies")) == 1


def test_without_the_scope_the_thread_says_once_where_the_output_is(
    world: BotWorld, incident: Incident
) -> None:
    world.people.play({"method": START, "kind": "error", "error": "missing_scope", "times": 99})
    run = world.run(incident, "many")
    world.settle()
    assert shared(world) == []
    [said] = [each for each in world.of_kind("message") if "could not be attached" in each["text"]]
    assert "Slack answered `missing_scope`. The app needs the scope `files:write`" in said["text"]
    assert f"`runbook status {run} --json`" in said["text"]
    assert said["thread_ts"] == world.the("headline")["ts"]
    assert "succeeded" in world.the("outcome")["text"], "nothing waits for it"


def test_a_run_attaches_ten_files_at_most(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "many")
    world.settle()
    assert len(shared(world)) == 10
    said = "\n".join(texts(each) for each in world.of_kind("detail"))
    assert said.count("in the file below") == 10
    assert said.count("Shortened") == 12


def test_a_team_may_have_its_outcomes_in_threads_only(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "check")
    world.settle()
    team = "kind: team\nname: database\noutcome: {}\nmembers: [{{slack: U0DBOPS, role: responder}}]"
    apply_documents(world.unit_of_work, team.format("thread"))
    world.run(incident, "check")
    world.settle()
    apply_documents(world.unit_of_work, team.replace("outcome: {}\n", "").format())
    world.run(incident, "check")
    world.settle()
    shown = [message.get("subtype") == "thread_broadcast" for message in world.of_kind("outcome")]
    assert shown == [True, False, False], "a document without it changes nothing"


LEAKS = """
kind: runbook
name: leaks
steps:
  - id: leak
    type: shell
    argv: [sh, -c, 'for line in $(seq 900); do echo "$KEY"; done']
    env: {KEY: "{{ secrets.KEY }}"}
"""


def test_a_secret_in_a_long_output_is_masked_in_the_file(world: BotWorld, incident: Incident) -> None:
    apply_documents(world.unit_of_work, LEAKS)
    run = world.start(incident, "leaks")
    with_secret = new_executor(world.unit_of_work, secrets={"KEY": "hunter2-hunter2"})
    work_off(world.unit_of_work, with_secret, world.jobs.enqueued)
    world.settle()
    [message] = shared(world)
    assert "hunter2" not in content(message)
    assert content(message).count("***") >= LINES
    assert run in world.the("headline")["blocks"][0]["block_id"]
