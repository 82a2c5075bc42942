from bot.cards.plain import plain
from tests.unit.bot.cards.building import by_workflow, shown


def test_a_steps_message_is_tagged_with_its_run_and_workflow() -> None:
    message = plain("Promoting now, <@U1>", execution=by_workflow())
    assert message.text == "Promoting now, <@U1>"
    assert "workflow *critical-db-incident* wfx_1" in shown(message)
    assert message.metadata
    assert message.metadata["event_type"] == "runbook_execution"


def test_an_actions_message_is_tagged_with_its_workflow() -> None:
    message = plain("Hello", workflow="critical-db-incident", workflow_execution_id="wfx_1")
    assert shown(message) == "Hello\nworkflow *critical-db-incident* wfx_1"
    assert message.metadata is None


def test_nobody_is_paged_by_what_an_incident_is_called() -> None:
    assert plain("Proposing for <!channel>").text == "Proposing for &lt;!channel&gt;"


def test_a_long_text_is_spread_over_sections() -> None:
    message = plain("\n".join(["x" * 99] * 100))
    assert len(message.blocks) == 4
    assert shown(message).count("x" * 99) == 100


def test_what_is_said_about_something_names_it_in_its_first_block() -> None:
    message = plain("Frozen", block_id="freeze.frz_1.begun.inc_1")
    assert [block.get("block_id") for block in message.blocks] == ["freeze.frz_1.begun.inc_1"]
    assert "block_id" not in plain("Frozen").blocks[0]
