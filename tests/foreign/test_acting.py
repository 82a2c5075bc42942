"""What people do and see with slack_sandbox.testing, against a small Bolt app with one of everything."""

import re
import sys
from datetime import date, time

import pytest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler

from slack_sandbox.testing import (
    AppNotReady,
    Channel,
    Fault,
    FormRefused,
    NotFound,
    NotShown,
    Person,
    Refused,
    ShortcutConfig,
    SlackSandbox,
    WorkspaceConfig,
    small_workspace,
)
from tests.foreign.everything import everything


@pytest.fixture
def slack_workspace() -> WorkspaceConfig:
    note = ShortcutConfig(callback_id="note", name="Make a note")
    anywhere = ShortcutConfig(callback_id="everywhere", name="Open the form", type="global")
    return small_workspace(shortcuts=(note, anywhere))


@pytest.fixture
def ada(slack: SlackSandbox) -> Person:
    slack.serve(SlackRequestHandler(everything(slack)))
    return slack.person("ada")


@pytest.fixture
def general(slack: SlackSandbox) -> Channel:
    return slack.channel("#general")


def test_a_form_takes_a_value_of_each_kind(slack: SlackSandbox, ada: Person, general: Channel) -> None:
    ada.types("/form", general)
    form = ada.sees_modal("Everything")
    assert form.title == "Everything"
    form.fill("Name", "Orders").fill("Count", 3).fill("Colour", "Green").fill("Colours", ["Red", "green"])
    form.fill("Ticks", "Red").fill("Who", slack.person("ben")).fill("Where", general)
    form.fill("Day", date(2030, 1, 2)).fill("Hour", time(3, 12)).submit()
    form.waits_until_closed()
    said = general.waits_for("name=Orders").text.splitlines()
    assert said == [
        "colour=green",
        "colours=red,green",
        "count=3",
        "day=2030-01-02",
        "hour=03:12",
        "name=Orders",
        "ticks=red",
        "where=C0GENERAL",
        "who=U0BEN",
    ]


def test_errors_on_fields_are_raised_by_label(ada: Person, general: Channel) -> None:
    ada.types("/form", general)
    form = ada.sees_modal()
    with pytest.raises(FormRefused, match="Name: A name is needed") as refused:
        form.submit()
    assert refused.value.errors == {"Name": "A name is needed."}
    form.fill("name", "now").submit()
    general.waits_for("name=now")


def test_a_modal_that_the_app_updates(ada: Person, general: Channel) -> None:
    ada.types("/form", general)
    form = ada.sees_modal()
    form.click("More…")
    form.waits_for("More of it.")
    form.close()
    form.waits_until_closed()
    with pytest.raises(NotShown, match="The modal is closed"):
        form.submit()


def test_a_choice_in_a_message_and_an_answer_for_one_person(
    slack: SlackSandbox, ada: Person, general: Channel
) -> None:
    ada.types("/menu", general)
    menu = general.waits_for("Pick one")
    ada.chooses("Red", from_="Pick a colour", in_=menu)
    answer = ada.sees("You picked red", general)
    assert answer.is_ephemeral
    assert not slack.channel("general").shows("You picked blue")
    with pytest.raises(NotFound, match=r"no option “Blue”. There are: “Red”, “Green”"):
        ada.chooses("Blue", from_="pick", in_=menu)
    with pytest.raises(NotFound, match=r"no button “Pick”. There are: none"):
        ada.clicks("Pick", menu)


def test_a_menu_that_the_app_fills_while_one_types(ada: Person, general: Channel) -> None:
    ada.types("/search", general)
    menu = general.waits_for("Search")
    ada.chooses("Green", from_="found", in_=menu)
    general.waits_for("Found green.")
    with pytest.raises(NotFound, match="no option “Blue”"):
        ada.chooses("Blue", from_="found", in_=menu)


def test_shortcuts_of_a_message_and_from_anywhere(ada: Person, general: Channel) -> None:
    ada.types("The disk is full.", general)
    said = general.waits_for("The disk is full.")
    ada.uses_shortcut("Make a note", on=said)
    said.thread.waits_for("Noted: The disk is full.")
    ada.uses_shortcut("everywhere")
    ada.sees_modal("Everything")
    with pytest.raises(NotFound, match=r"no shortcut “Nothing”. There are: “Make a note”, “Open the form”"):
        ada.uses_shortcut("Nothing")


def test_the_home_tab(slack: SlackSandbox, ada: Person) -> None:
    home = ada.opens_home().waits_for("Welcome home.")
    assert home.buttons == ["Refresh"]
    home.clicks("Refresh")
    assert "Refreshed." in home.waits_for("Refreshed.").words
    with pytest.raises(NotFound, match=r"no button “Run”\. There are: “Refresh”"):
        home.clicks("Run")


def test_what_one_person_sees_alone(slack: SlackSandbox, ada: Person) -> None:
    random = slack.channel("random")
    slack.person("ben").types("/whisper", random)
    slack.person("ben").sees("Between us.", random)
    assert not random.shows("Between us.")  # seen with ada's eyes


def test_direct_messages_and_threads(ada: Person, general: Channel) -> None:
    direct = ada.direct_messages()
    ada.types("psst", direct)
    direct.waits_for("You wrote: psst")
    ada.types("a question", general)
    question = general.waits_for("a question")
    ada.types("an answer", question)
    assert question.thread.waits_for(re.compile(r"^an a\w+")).thread == question.thread
    assert [reply.text for reply in question.thread.replies] == ["an answer"]


def test_a_channel_that_the_app_makes(ada: Person, general: Channel) -> None:
    ada.types("/make inc-1", general)
    made = ada.sees_channel("inc-1")
    made.waits_for("Here it is.")
    assert (made.topic, made.is_archived) == ("", False)


def test_a_command_that_fails_says_so(ada: Person, general: Channel) -> None:
    with pytest.raises(Refused, match=r"ada typed “/broken”: .*HTTP status 500") as refused:
        ada.types("/broken", general)
    assert refused.value.error == "dispatch_failed"


def test_a_fault_on_request(slack: SlackSandbox, ada: Person, general: Channel) -> None:
    slack.fail(Fault(method="views.open", kind="ratelimited"))
    ada.types("/form", general)
    with pytest.raises(NotShown, match=r"A modal with “.*” for ada did not appear"):
        hasty(slack, ada).sees_modal()
    assert [call["error"] for call in slack.calls("views.open")] == ["fault: ratelimited"]


def hasty(slack: SlackSandbox, person: Person) -> Person:
    person.connection.patience = 0.2
    return person


def test_names_that_do_not_exist(slack: SlackSandbox) -> None:
    with pytest.raises(NotFound, match=r"no person “zoe”. There are: ada, ben, cleo"):
        slack.person("zoe")
    with pytest.raises(NotFound, match="no channel #nowhere"):
        slack.channel("nowhere")


def test_a_process_that_ends_at_once_shows_its_output(slack: SlackSandbox) -> None:
    with pytest.raises(AppNotReady, match=r"ended with status 3.\nno token"):
        slack.run([sys.executable, "-c", "import sys; print('no token', flush=True); sys.exit(3)"])


def test_socket_mode_in_this_process(slack: SlackSandbox) -> None:
    slack.connect(SocketModeHandler(everything(slack), slack.app_token))
    ada, general = slack.person("ada"), slack.channel("general")
    ada.types("/whisper", general)
    ada.sees("Between us.", general)


def test_workspaces_are_apart() -> None:
    with SlackSandbox() as one, SlackSandbox() as other:
        one.person("ada").types("only here", one.channel("general"))
        assert one.channel("general").shows("only here")
        assert not other.channel("general").shows("only here")
