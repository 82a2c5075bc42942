"""A failed workflow in Slack: told in the incident's channel, and to who wrote it."""

from sqlalchemy import select

from core.tables import Notice, Workflow, WorkflowVersion
from tests.integration.bot.world import CHANNEL, OPS, BotWorld
from tests.world import apply_documents, new_incident

FAILS = """
kind: workflow
name: fails
trigger: {on: incident.created}
actions: [{id: call, type: webhook, url: "http://127.0.0.1:9/"}]
"""


def failed(world: BotWorld) -> None:
    apply_documents(world.unit_of_work, FAILS)
    with world.unit_of_work.begin() as work:
        for row in (*work.session.scalars(select(Workflow)), *work.session.scalars(select(WorkflowVersion))):
            row.changed_by = OPS
    new_incident(world.unit_of_work, slack_channel=CHANNEL)
    world.work()


def direct_messages(world: BotWorld) -> list[str]:
    messages = world.people.look("/log")["messages"]
    return [
        message["text"] for channel in messages if channel.startswith("D") for message in messages[channel]
    ]


def test_the_channel_and_the_author_are_told(world: BotWorld) -> None:
    failed(world)
    world.settle()

    [told] = [message["text"] for message in world.messages() if "fails" in message["text"]]
    [direct] = direct_messages(world)
    assert "Action *call*: No connection to 127.0.0.1:9" in told
    assert "Your workflow *fails* v1" in direct
    assert "Action *call*: No connection to 127.0.0.1:9" in direct


def test_a_direct_message_of_which_no_answer_came_is_found_again(world: BotWorld) -> None:
    failed(world)
    world.settle()
    with world.unit_of_work.begin() as work:
        notice = work.session.scalars(select(Notice).where(Notice.key == "author")).one()
        notice.delivered, notice.message_ts, notice.uncertain = 0, None, True
    world.settle()

    assert len(direct_messages(world)) == 1
