"""The request bodies of the people's API."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from slack_sandbox.faults import Fault
from slack_sandbox.own_origin import LocalUrl
from slack_sandbox.values import Json


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ByUser(Body):
    user: str


class State(Body):
    """What was entered so far: {block_id: {action_id: {type, value…}}}."""

    values: dict[str, dict[str, Json]] = Field(default_factory=dict)


class NewMessage(ByUser):
    channel: str
    text: str
    thread_ts: str | None = None


class OnMessage(ByUser):
    channel: str
    ts: str


class Editing(OnMessage):
    text: str


class Reacting(OnMessage):
    """With ``remove`` it is taken back."""

    name: str
    remove: bool = False


class Pinning(OnMessage):
    remove: bool = False


class NewAction(ByUser):
    """In a message (``channel`` and ``message_ts``) or in a modal (``view_id``)."""

    action: Json
    channel: str = ""
    message_ts: str = ""
    view_id: str = ""
    state: State = State()


class Suggesting(ByUser):
    """What is typed into a menu whose options come from the app, in a message or in a view."""

    block_id: str
    action_id: str
    value: str = ""
    channel: str = ""
    message_ts: str = ""
    view_id: str = ""
    state: State = State()


class UseShortcut(ByUser):
    """With ``channel`` and ``message_ts`` a shortcut of that message, otherwise a global one."""

    callback_id: str
    app_id: str = ""
    channel: str = ""
    message_ts: str = ""


class Submission(ByUser):
    state: State = State()


class Closing(ByUser):
    """With ``everything`` the whole stack closes, as with the X of a modal."""

    everything: bool = False


class NewChannel(ByUser):
    name: str
    is_private: bool = False


class OpenHome(ByUser):
    app_id: str = ""
    tab: Literal["home", "messages"] = "home"


class Inviting(ByUser):
    users: tuple[str, ...]


class Kicking(ByUser):
    target: str


class Renaming(ByUser):
    name: str


class Topic(ByUser):
    topic: str


class AccountChange(Body):
    """What an administrator changes about a person. What is left out stays."""

    deleted: bool | None = None
    is_admin: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    is_stranger: bool | None = None
    team_id: str | None = None
    tz: str | None = None


class UsergroupChange(Body):
    users: tuple[str, ...] | None = None
    disabled: bool | None = None


class FaultList(Body):
    faults: tuple[Fault, ...]


class DisturbanceChange(Body):
    """How many of the next deliveries arrive twice, and how many events after the one that follows."""

    doubled: int | None = Field(default=None, ge=0)
    reordered: int | None = Field(default=None, ge=0)


class ClockMove(Body):
    seconds: float = Field(ge=0)


class AppChange(Body):
    """What the app's settings page would change while it runs: of the first app, unless ``app_id`` names another.

    What is left out stays.
    """

    app_id: str = ""

    request_url: LocalUrl | None = None
    options_load_url: LocalUrl | None = None
    socket_mode: bool | None = None
    scopes: tuple[str, ...] | None = None
    revoked: Literal["", "token_revoked", "account_inactive"] | None = None


class Disconnection(Body):
    reason: Literal["warning", "refresh_requested", "link_disabled"] = "refresh_requested"
