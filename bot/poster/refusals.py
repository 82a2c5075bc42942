"""Slack's error codes, sorted by what has to change before the call can succeed, and reporting a refused message.

The codes are those of https://docs.slack.dev/reference/methods/chat.postMessage/#errors, chat.update/#errors,
conversations.history/#errors and conversations.replies/#errors. An unknown code is taken to concern the one message.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.tables import Approval, Notice
from core.unit_of_work import UnitOfWork


class About(StrEnum):
    """What has to change before the call can succeed."""

    TOKEN = "token"
    """An admin of the workspace has to fix the token; then every call works again."""
    SCOPE = "scope"
    """The app may not call this one method, or not for this kind of channel; the token is valid for all else."""
    CHANNEL = "channel"
    """We cannot post there at all."""
    MEMBERSHIP = "membership"
    """The app has to join."""
    MESSAGE = "message"
    """The message to update no longer exists."""
    THREAD = "thread"
    """The message whose thread it belongs to no longer exists."""
    CONTENT = "content"
    """The content itself: it would be refused again."""
    PACE = "pace"
    """Too many calls."""
    MOMENT = "moment"
    """A temporary problem of Slack's; the call may have had its effect."""


_CODES: Mapping[About, str] = {
    About.TOKEN: """invalid_auth not_authed account_inactive token_revoked token_expired not_allowed_token_type
        no_permission access_denied org_login_required ekm_access_denied team_access_not_granted accesslimited
        two_factor_setup_required enterprise_is_restricted""",
    About.SCOPE: "missing_scope",
    About.CHANNEL: """channel_not_found is_archived is_inactive restricted_action cannot_post_to_channel
        restricted_action_read_only_channel restricted_action_non_threadable_channel
        restricted_action_thread_only_channel messages_tab_disabled user_not_found user_disabled cannot_dm_bot""",
    About.MEMBERSHIP: "not_in_channel",
    About.MESSAGE: "message_not_found cant_update_message edit_window_closed",
    About.THREAD: "thread_not_found",
    About.CONTENT: """msg_too_long msg_blocks_too_long no_text invalid_blocks invalid_blocks_format too_many_attachments
        metadata_too_large invalid_metadata_format invalid_metadata_schema metadata_must_be_sent_from_app
        restricted_action_thread_locked thread_locked cannot_reply_to_message invalid_arguments invalid_arg_name""",
    About.PACE: "ratelimited rate_limited message_limit_exceeded",
    About.MOMENT: "internal_error fatal_error service_unavailable request_timeout team_added_to_org",
}
SORTED: Mapping[str, About] = {code: about for about, codes in _CODES.items() for code in codes.split()}
NEEDS_AN_ADMIN = frozenset(code for code, about in SORTED.items() if about in (About.TOKEN, About.SCOPE))
CHANNEL_IS_GONE = frozenset(code for code, about in SORTED.items() if about is About.CHANNEL)
ERROR_CODE = re.compile(r"[a-z][a-z0-9_]*")  # anything else comes from a proxy, not from Slack


def about(code: str) -> About:
    """Return what one of Slack's error codes is about."""
    return SORTED.get(code, About.CONTENT)


SHOWN = 500  # characters of the message
INVITE = (
    "Invite me there: type `/invite` and my name in that channel. If its id is wrong, correct the definition."
)
HINTS = {
    "is_archived": "The channel is archived.",
    "channel_not_found": f"I am not in the channel, or it does not exist. {INVITE}",
    "not_in_channel": f"I am not in the channel. {INVITE}",
    "user_not_found": "There is no such person.",
}


def enqueue_files(work: UnitOfWork, notice: Notice, positions: Sequence[int]) -> None:
    """Have the whole outputs of these steps posted as files, as the reply that is delivered with this says."""
    assert notice.incident_id is not None
    new = (
        NewNotice(
            NoticeKind.FILE,
            notice.subject_id,
            notice.incident_id,
            key=str(position),
            channel=notice.channel,
            content={"position": position},
            thread_of=notice.thread_of,
        )
        for position in positions
    )
    notices.enqueue_notice(work, *new)


FILE_REFUSED = (
    "⚠️ The whole output could not be attached as a file: Slack answered `{reason}`.{hint} "
    "It is on the run's page, and in a terminal: `runbook status {run} --json`."
)
FILE_HINTS = {
    "missing_scope": " The app needs the scope `files:write`; an admin of the workspace can add it."
}


def _enqueue_file_refusal(work: UnitOfWork, notice: Notice, reason: str) -> None:
    """Say in the run's thread, once, that files are refused, and where the outputs are."""
    assert notice.incident_id is not None
    text = FILE_REFUSED.format(reason=reason, hint=FILE_HINTS.get(reason, ""), run=notice.subject_id)
    news = NewNotice(
        NoticeKind.MESSAGE,
        notice.subject_id,
        notice.incident_id,
        key="files.refused",
        channel=notice.channel,
        content={"text": text},
        thread_of=notice.thread_of,
    )
    notices.enqueue_notice(work, news)


def enqueue_refusal(work: UnitOfWork, notice: Notice, reason: str) -> None:
    """Report in the incident's channel, once, that a message for another channel was refused.

    The step that sent it has already succeeded, so nothing else would show it.
    """
    if notice.kind == NoticeKind.FILE and reason not in CHANNEL_IS_GONE:
        _enqueue_file_refusal(work, notice, reason)
        return
    subject = _execution_of(work, notice)
    if subject is None or notice.channel is None or notice.incident_id is None:
        return
    said = str(notice.content.get("text", "an approval request, which is in the incident's channel as well"))
    news = NewNotice(
        NoticeKind.MESSAGE,
        subject,
        notice.incident_id,
        key=f"refused.{notice.id}",
        content={"text": _sentence(notice.channel, reason, said)},
    )
    notices.enqueue_notice(work, news)


def _execution_of(work: UnitOfWork, notice: Notice) -> str | None:
    """Return the run or workflow that is told; None for what is not reported, such as direct messages of gates."""
    if notice.kind == NoticeKind.MESSAGE:
        return notice.subject_id
    if notice.kind != NoticeKind.GATE or not notice.key.startswith("channel."):
        return None
    return work.session.get_one(Approval, notice.subject_id).execution_id


def _sentence(channel: str, reason: str, said: str) -> str:
    place = f"<@{channel}>" if channel.startswith(("U", "W")) else f"<#{channel}> ({channel})"
    hint = HINTS.get(reason, "Posting there is not allowed." if reason in CHANNEL_IS_GONE else "")
    cut = said if len(said) <= SHOWN else f"{said[:SHOWN]}…"
    return (
        f"⚠️ A message could not be posted to {place}: Slack answered `{reason}`. {hint}\nThe message: {cut}"
    )
