import pytest

from bot.commands.dispatch import COMMANDS, by_name


def test_the_command_has_the_verbs_of_the_contract() -> None:
    assert {
        "run",
        "list",
        "show",
        "status",
        "cancel",
        "approvals",
        "approve",
        "history",
        "deprecate",
        "incident",
        "help",
    } <= set(COMMANDS)


def test_every_command_says_what_it_does_in_a_few_words() -> None:
    for command in COMMANDS.values():
        assert 0 < len(command.summary) < 80


def test_two_commands_of_one_name_are_refused() -> None:
    help_ = COMMANDS["help"]
    with pytest.raises(ValueError, match="Two sub-commands are named help"):
        by_name([help_, help_])
