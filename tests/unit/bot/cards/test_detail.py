from typing import Any

from bot.cards.detail import MOST_STEPS, detail
from core.statuses import Status
from tests.unit.bot.cards.building import done, execution, shown, step


def said(**changes: Any) -> str:
    told = done("promote", **changes)
    return shown(detail(execution(told), [told]))


def test_a_calls_status_and_body_are_shown() -> None:
    assert (
        said(output={"status": 200, "body": "<ok>"})
        == "✅ *promote* · 0.8 s\nstatus 200\n```\n&lt;ok&gt;\n```"
    )


def test_a_call_without_a_body_shows_its_status() -> None:
    assert said(output={"status": 204, "body": ""}).endswith("\nstatus 204")


def test_a_job_elsewhere_is_linked() -> None:
    output = {"id": "7", "url": "https://ci.example/7", "status": "success"}
    assert said(output=output).endswith("\nstatus success\nhttps://ci.example/7")


def test_a_commands_exit_code_and_both_streams_are_shown() -> None:
    output = {"exit_code": 3, "stdout": "checked\n", "stderr": "no such cluster\n"}
    assert said(output=output).endswith(
        "exit code 3\nstdout\n```\nchecked\n```\nstderr\n```\nno such cluster\n```"
    )


def test_a_silent_commands_streams_are_left_out() -> None:
    assert said(output={"exit_code": 0, "stdout": "", "stderr": ""}).endswith("\nexit code 0")


def test_who_approved_is_said_in_words() -> None:
    assert said(type="approval", output={"approved_by": "<@U1>"}).endswith("\napproved by <@U1>")


def test_what_another_system_says_mentions_nobody() -> None:
    assert said(output={"approved_by": "<@U1>"}).endswith("\napproved by &lt;@U1&gt;")


def test_a_messages_text_is_not_repeated() -> None:
    assert said(type="message", output={"text": "Hello"}) == "✅ *promote* · 0.8 s"


def test_a_failed_steps_error_stands_before_its_output() -> None:
    failed = step("promote", Status.FAILED, error="Answered 500", output={"status": 500, "body": "oops"})
    text = shown(detail(execution(failed), [failed]))
    assert text == "❌ *promote*\nAnswered 500\nstatus 500\n```\noops\n```"


def test_the_text_alone_names_the_steps_and_what_became_of_them() -> None:
    told = [done("lag"), step("promote", Status.FAILED)]
    assert (
        detail(execution(*told), told).text == "db-failover v3 (inc-12): ✅ lag succeeded, ❌ promote failed"
    )


def test_many_steps_share_one_reply() -> None:
    told = [done(f"s{i}", output={"status": 200, "body": "x" * 5_000}) for i in range(200)]
    message = detail(execution(*told), told)
    assert f"… {200 - MOST_STEPS} more" in shown(message)
    assert len(shown(message)) < 20_000


def test_the_reply_carries_the_runs_metadata() -> None:
    message = detail(execution(done()), [done()])
    assert message.metadata
    assert message.metadata["event_type"] == "runbook_execution"


def test_what_was_ended_with_a_command_is_told() -> None:
    output = {"exit_code": 0, "stdout": "", "stderr": "", "ended_with_it": "sleep, 2 of java"}
    assert said(output=output).endswith(
        "exit code 0\n⚠️ It left processes running, which were killed when it ended: sleep, 2 of java"
    )
