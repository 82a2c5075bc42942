"""The action `message`: said in the incident's channel, or in the one that it names."""

from tests.integration.core.workflows.deployment import Deployment
from tests.world import TEAMS, apply_documents

WORKFLOW = """
kind: workflow
name: tells
trigger: {on: incident.created}
actions:
  - {id: here, type: message, text: "{{ incident.title }}"}
  - {id: there, type: message, text: It is down, channel: "{{ incident.labels.room }}"}
"""


def test_a_message_goes_to_the_incidents_channel_or_to_the_one_that_is_named(deployment: Deployment) -> None:
    deployment.apply(WORKFLOW)
    apply_documents(
        deployment.unit_of_work, TEAMS.replace("name: database\n", "name: database\nchannels: [C0OTHER]\n")
    )
    deployment.open(labels={"room": "C0OTHER"})

    assert deployment.messages() == [(None, "Orders down"), ("C0OTHER", "It is down")]
