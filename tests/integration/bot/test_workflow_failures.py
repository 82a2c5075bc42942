"""A failed workflow in Slack: told in the incident's channel, and to who wrote it."""

from sqlalchemy import select

from core.tables import Notice, Workflow, WorkflowVersion
from tests.integration.bot.desk import CHANNEL, OPS, Desk
from tests.world import apply_documents, new_incident

FAILS = """
kind: workflow
name: fails
trigger: {on: incident.created}
actions: [{id: call, type: webhook, url: "http://127.0.0.1:9/"}]
"""


def failed(desk: Desk) -> None:
    apply_documents(desk.service, FAILS)
    with desk.service.transaction() as work:
        for row in (*work.session.scalars(select(Workflow)), *work.session.scalars(select(WorkflowVersion))):
            row.changed_by = OPS
    new_incident(desk.service, slack_channel=CHANNEL)
    desk.work()


def direct_messages(desk: Desk) -> list[str]:
    messages = desk.people.look("/log")["messages"]
    return [
        message["text"] for channel in messages if channel.startswith("D") for message in messages[channel]
    ]


def test_the_channel_and_the_author_are_told(desk: Desk) -> None:
    failed(desk)
    desk.settle()

    [told] = [message["text"] for message in desk.messages() if "fails" in message["text"]]
    [direct] = direct_messages(desk)
    assert "Action *call*: No connection to 127.0.0.1:9" in told
    assert "Your workflow *fails* v1" in direct
    assert "Action *call*: No connection to 127.0.0.1:9" in direct


def test_a_direct_message_of_which_no_answer_came_is_found_again(desk: Desk) -> None:
    failed(desk)
    desk.settle()
    with desk.service.transaction() as work:
        notice = work.session.scalars(select(Notice).where(Notice.key == "author")).one()
        notice.delivered, notice.message_ts, notice.uncertain = 0, None, True
    desk.settle()

    assert len(direct_messages(desk)) == 1
