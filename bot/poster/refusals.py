"""A message for a channel of its own that Slack refuses for good is told in the incident's: its step has succeeded."""

from core.service import Work
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.tables import Notice

from .errors import CHANNEL_IS_GONE

SHOWN = 500  # characters of the message
INVITE = (
    "Invite me there: type `/invite` and my name in that channel. If its id is wrong, mend the definition."
)
HINTS = {
    "is_archived": "The channel is archived.",
    "channel_not_found": f"I am not in it, or there is none. {INVITE}",
    "not_in_channel": f"I am not in it. {INVITE}",
    "user_not_found": "There is no such person.",
}


def tell_refused(work: Work, notice: Notice, reason: str) -> None:
    """Owe the incident's channel the news, once. Nothing where the message was for that channel itself."""
    if notice.kind != NoticeKind.MESSAGE or notice.channel is None or notice.incident_id is None:
        return
    said = str(notice.content.get("text", ""))
    news = NewNotice(
        NoticeKind.MESSAGE,
        notice.subject_id,
        notice.incident_id,
        key=f"refused.{notice.id}",
        content={"text": _sentence(notice.channel, reason, said)},
    )
    notices.owe(work, news)


def _sentence(channel: str, reason: str, said: str) -> str:
    place = f"<@{channel}>" if channel.startswith(("U", "W")) else f"<#{channel}> ({channel})"
    hint = HINTS.get(reason, "Nobody may post there." if reason in CHANNEL_IS_GONE else "")
    cut = said if len(said) <= SHOWN else f"{said[:SHOWN]}…"
    return f"⚠️ A message did not reach {place}; Slack says `{reason}`. {hint}\nIt was: {cut}"
