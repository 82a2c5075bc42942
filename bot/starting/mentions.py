"""Commands as mentions: `@runbook run db-failover cluster=orders`, also in threads, where Slack takes no slash command.

The grammar, the permissions and the limits are those of the slash command. Only a message that begins with the mention
is a command; one by a bot, or one that was edited, is none.

https://docs.slack.dev/reference/events/app_mention
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.exc import IntegrityError

from bot.commands.call import CommandCall, Reply
from core.decisions.people import Person
from core.services.access.people import load_person
from core.services.shared.idempotency import RequestIdentity, keep, recall
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

COMMAND = "@runbook"  # in hints; whatever the workspace calls the app
LEADING = re.compile(r"\s*<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>[\s,:]*")
SENDER = "slack:mention"

Dispatch: TypeAlias = Callable[[UnitOfWork, Person, CommandCall], Reply]


@dataclass(frozen=True)
class Mention:
    """A message to the app. `ts`: Slack's id of the message in its channel; `thread_ts`: of the thread it is in."""

    user_id: str
    channel_id: str
    typed: str
    ts: str
    thread_ts: str | None = None

    @property
    def key(self) -> str:
        """What identifies the message, in whichever event, and however often, it arrives."""
        return f"slack:{self.channel_id}:{self.ts}"


def mention_of(body: Mapping[str, Any]) -> Mention | None:
    """Return the command in an `app_mention` event; None if it is none, so that nothing is to be said."""
    event = body.get("event") or {}
    person, us = event.get("user"), _bot_user(body)
    if not person or person == us or event.get("bot_id") or event.get("app_id") or event.get("subtype"):
        return None
    if event.get("edited") or not event.get("channel") or not event.get("ts"):
        return None
    text = str(event.get("text") or "")
    found = LEADING.match(text)
    if found is None or us is None or found[1] != us:
        return None
    typed = _without_code(text[found.end() :])
    return Mention(person, event["channel"], typed, event["ts"], event.get("thread_ts") or None)


def _without_code(typed: str) -> str:
    """Return a command that is written as code, as hints show it, without its backticks."""
    return typed.strip().strip("`") if typed.startswith("`") else typed


def _bot_user(body: Mapping[str, Any]) -> str | None:
    """Return the app's own user: https://docs.slack.dev/apis/events-api#authorizations."""
    found = body.get("authorizations")
    first = found[0] if isinstance(found, list) and found else {}
    user = first.get("user_id") if first.get("is_bot") else None
    return str(user) if user else None


def answer_mention(
    unit_of_work: UnitOfWorkFactory, mention: Mention, dispatch: Dispatch, *, single_admin: bool
) -> Reply | None:
    """Handle the command once for each message; None if that was done already. Raises core's errors."""
    call = CommandCall(
        mention.channel_id, mention.user_id, mention.typed, mention.key, COMMAND, single_admin=single_admin
    )
    identity = RequestIdentity(SENDER, mention.key, "")

    def act(work: UnitOfWork) -> Reply | None:
        if recall(work, identity) is not None:
            return None
        reply = dispatch(work, load_person(work, mention.user_id, source="slack"), call)
        keep(work, identity, 200, {})
        return reply

    try:
        return unit_of_work.run(act)
    except IntegrityError:
        return unit_of_work.run(act)
