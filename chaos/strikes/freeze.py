"""The team is frozen during its runs, and unfrozen after a few seconds, through REST or a Slack command."""

import time
from random import Random

from chaos.definitions import APPROVERS, LUCKLESS
from chaos.driver.rest import Rest
from chaos.environment import GENERAL
from chaos.step_definitions import TEAM
from chaos.strikes.scene import Scene, Strike

NAME = "freeze"
PATH = "/api/freezes"
BEFORE = (
    "waiting",
    "many",
    "slow",
    "shelled",
    "queued",
    LUCKLESS,
)  # to be running when the freeze begins
MEANWHILE = ("mixed", "gated", LUCKLESS)
ASK_EVERY = 0.7
ACKNOWLEDGED = 12  # incidents at most, one after the other


def play(scene: Scene, chance: Random) -> None:
    for runbook in chance.sample(BEFORE, 4):
        scene.driver.ask_extra(runbook)
    time.sleep(chance.uniform(0.1, 0.8))
    rest, admin, key = (
        Rest(scene.environment),
        chance.choice(APPROVERS),
        f"freeze-{chance.randrange(1_000_000_000)}",
    )
    scene.meanwhile(lambda: _acknowledge(scene, admin, key))
    with scene.struck(NAME):
        if chance.random() < 0.5:
            scene.environment.slack.say(admin, GENERAL, f"/runbook freeze {TEAM} {key}")
        for freeze_id in _begin(rest, admin, key):
            scene.environment.journal.was_frozen(freeze_id)
        _request_while_frozen(scene, chance, time.monotonic() + chance.uniform(3, 5))
        if chance.random() < 0.5:
            scene.environment.slack.say(admin, GENERAL, f"/runbook unfreeze {TEAM}")
        _lift(rest, admin, key)
    rest.close()


def _acknowledge(scene: Scene, person: str, key: str) -> None:
    """Acknowledge incidents: each starts a workflow in its transaction, while the freeze begins in another."""
    rest = Rest(scene.environment)
    answer = rest.insist(person, "/api/incidents?status=open", key="look", method="GET")
    incidents = answer.json()["incidents"] if answer and answer.is_success else []
    for incident in incidents[:ACKNOWLEDGED]:
        rest.insist(person, f"/api/incidents/{incident['id']}/acknowledge", key=f"{key}-{incident['id']}")
    rest.close()


def _begin(rest: Rest, admin: str, key: str) -> list[str]:
    """Make sure that the team is frozen, whatever became of the command. Returns the freezes in force."""
    if not _in_force(rest, admin):
        rest.insist(admin, PATH, {"team": TEAM, "reason": key}, key=key)
    return _in_force(rest, admin)


def _in_force(rest: Rest, admin: str) -> list[str]:
    answer = rest.insist(admin, PATH, key="look", method="GET")
    return [str(each["id"]) for each in answer.json()["freezes"]] if answer and answer.is_success else []


def _request_while_frozen(scene: Scene, chance: Random, ended: float) -> None:
    while time.monotonic() < ended:
        scene.driver.ask_extra(chance.choice(MEANWHILE))
        time.sleep(ASK_EVERY)


def _lift(rest: Rest, admin: str, key: str) -> None:
    for freeze_id in _in_force(rest, admin):
        rest.insist(admin, f"{PATH}/{freeze_id}", key=f"{key}-lift", method="DELETE")


STRIKE = Strike(NAME, play)
