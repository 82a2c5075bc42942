"""What a terminal is given."""

import pytest

from cli.client.output import facts, plain, say, table


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_text_from_elsewhere_does_not_move_the_cursor() -> None:
    assert plain("red \x1b[31malert\x07\n<@U0BOB> said so") == "red �[31malert�\nU0BOB said so"


def test_nothing_that_is_printed_is_markup(capsys: pytest.CaptureFixture[str]) -> None:
    say("[bold]as it is[/bold] :smile:")
    table(["name"], [["[red]x[/red]"]])
    facts([("name", "[red]y[/red]")])

    printed = capsys.readouterr().out
    assert all(text in printed for text in ("[bold]as it is[/bold] :smile:", "[red]x[/red]", "[red]y[/red]"))


def test_a_table_keeps_to_80_columns_and_its_first_column_whole(capsys: pytest.CaptureFixture[str]) -> None:
    identifier = "rbx_7h2k9m4qpt0s8v3w"
    table(["run", "error"], [[identifier, "word " * 60]])

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(identifier in line for line in lines) == 1
    assert sum(line.count("word") for line in lines) == 60


def test_facts_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    facts([("error", ""), ("took", "3 s")])

    assert capsys.readouterr().out.split() == ["took", "3", "s"]
