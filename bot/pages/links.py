"""Signed links to the pages of runs. Anyone with such a link may read that page for a while without a token."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature

from core.signing import DatedSigner, signer

# Purposes of the derived keys. Undated links, of earlier releases, stay valid: they are in people's channels.
DATED, UNDATED = b"dated links to the pages of runs", b"links to the pages of runs"
GOOD_FOR = timedelta(days=90)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class RunLinks:
    """`secret` is the Slack signing secret; the links are signed with keys derived from it. `now`: aware, in UTC.

    `may_sign_in`: whether people can sign in to the pages that need it.
    """

    public_url: str
    secret: str = field(repr=False)
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    may_sign_in: bool = False

    def incident(self, number: int) -> str:
        """Return the address of an incident's page; empty if nobody could open it in a browser."""
        can_open = self.public_url and self.may_sign_in
        return f"{self.public_url.rstrip('/')}/incidents/inc-{number}" if can_open else ""

    def url(self, execution_id: str) -> str:
        """Return the signed address of a runbook execution's page."""
        return f"{self.public_url.rstrip('/')}/runs/{execution_id}?token={self.sign(execution_id)}"

    def page(self, execution_id: str) -> str:
        """Return the signed address; empty if there is no public URL to link to."""
        return self.url(execution_id) if self.public_url else ""

    def sign(self, execution_id: str) -> str:
        """Return `TIME.SIGNATURE`, which is valid for GOOD_FOR."""
        return self._dated.sign(execution_id).decode().removeprefix(f"{execution_id}.")

    def is_signed(self, execution_id: str, token: str) -> bool:
        """Return True if the token is valid for this page now.

        Without a secret anybody could have made it, so it returns False.
        """
        if not self.secret:
            return False
        undated = signer(self.secret, UNDATED)
        if "." not in token and undated.verify_signature(execution_id, token):
            return True
        signed_at = self._signed_at(execution_id, token)
        return signed_at is not None and self.now() - signed_at <= GOOD_FOR

    def has_expired(self, execution_id: str, token: str) -> bool:
        """Return True if the token was valid, and no longer is."""
        signed_at = self._signed_at(execution_id, token) if self.secret else None
        return signed_at is not None and self.now() - signed_at > GOOD_FOR

    def _signed_at(self, execution_id: str, token: str) -> datetime | None:
        """Return when we signed the token, or None if we did not. A signer's clock may be ahead of ours."""
        try:
            return self._dated.unsign(f"{execution_id}.{token}", return_timestamp=True)[1]
        except BadSignature:
            return None

    @property
    def _dated(self) -> DatedSigner:
        return DatedSigner(self.secret, DATED, self.now)
