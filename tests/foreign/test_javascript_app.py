"""A small app in Bolt for JavaScript, over HTTP and Socket Mode: a command, a modal, a button and a mention."""

import shutil
from pathlib import Path

import pytest

from slack_sandbox.testing import FormRefused, SlackSandbox
from tests.npm import installed

APP = Path(__file__).parent / "javascript"


@pytest.fixture(scope="module")
def folder() -> Path:
    home = installed(APP)
    shutil.copy(APP / "app.js", home)
    return home


@pytest.fixture(params=[False, True], ids=["http", "socket"])
def app(request: pytest.FixtureRequest, slack: SlackSandbox, folder: Path) -> SlackSandbox:
    command = ["node", "app.js", "--socket"] if request.param else ["node", "app.js"]
    slack.run(command, socket_mode=request.param, cwd=folder)
    return slack


def test_tea_is_ordered_and_taken(app: SlackSandbox) -> None:
    ada, ben, general = app.person("ada"), app.person("ben"), app.channel("general")
    ada.types("/tea", general)
    order = ada.sees_modal("Order tea")
    with pytest.raises(FormRefused, match=r"Cups: There are nine cups\."):
        order.fill("Which", "Sencha").fill("Cups", 12).submit()
    order.fill("Cups", 2).submit()
    order.waits_until_closed()
    ordered = general.waits_for("2 × Sencha")
    ben.clicks("Take it", ordered)
    ordered.waits_for("Sencha: taken by ben")
    assert ben.sees("Thank you.", general).is_ephemeral
    assert not general.shows("Thank you.")  # seen with ada's eyes
    ada.mentions_app("is there milk?", general)
    general.waits_for("is there milk?").thread.waits_for("The kettle is on, <@U0ADA>.")
