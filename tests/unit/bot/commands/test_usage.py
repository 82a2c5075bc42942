from typing import Any

from bot.commands.usage import usage_line


def line(**schema: Any) -> str:
    return usage_line("/runbook", "db-failover", schema)


def test_what_must_be_given_stands_first_and_the_rest_in_brackets() -> None:
    properties = {
        "reason": {"type": "string"},
        "cluster": {"enum": ["orders", "users"]},
        "count": {"type": "integer"},
    }
    assert line(properties=properties, required=["cluster", "count"]) == (
        "/runbook run db-failover cluster=orders|users count=INTEGER [reason=…]"
    )


def test_what_has_a_default_need_not_be_given() -> None:
    assert line(properties={"a": {"default": 1}}, required=["a"]) == "/runbook run db-failover [a=…]"


def test_a_long_list_of_choices_is_left_out() -> None:
    assert line(properties={"a": {"enum": list(range(20))}}, required=["a"]) == "/runbook run db-failover a=…"


def test_a_runbook_without_parameters_is_run_by_its_name() -> None:
    assert line() == "/runbook run db-failover"
