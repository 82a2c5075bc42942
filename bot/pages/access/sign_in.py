"""`/sign-in`: to Slack and back, `/sign-out`. Slack says who somebody is; our directory, whether they may come in."""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.app_manifest import SIGN_IN_PATH
from bot.limits import RestLimits
from bot.pages.access.openid import Identity, Provider
from bot.pages.access.readers import SOURCE, Visit
from bot.pages.access.sessions import Attempt
from bot.pages.site import HOW, Site, see_other
from core.decisions.installation import Sender, Workspace, refusal_of
from core.errors import InvalidInput, NotAllowed
from core.services.access.people import load_person

LONGEST_PATH = 2_000
PRINTABLE = re.compile(r"/(?![/\\])[!-~]*")
STALE = "This sign-in was not begun in this browser, or it took longer than ten minutes."
DENIED = "You did not allow Slack to say who you are, so you are not signed in."
UNBOUND = "This service does not know yet which Slack workspace it belongs to, so nobody can sign in."


@dataclass(frozen=True)
class SlackSignIn:
    """`workspace`: the one whose members may sign in. `ask_about`: has Slack say who a person is, and stores it."""

    provider: Provider
    workspace: Callable[[], Workspace]
    ask_about: Callable[[str], object] = field(repr=False)


@dataclass(frozen=True)
class SignInPage:
    """`slack`: None if the installation has no client of Slack's."""

    site: Site
    slack: SlackSignIn | None

    def begin(self, request: Request, _body: bytes) -> Response:
        """Send the browser to Slack, and note in it what must come back."""
        return self.site.guarded(request, lambda: self._begin(request))

    def _begin(self, request: Request) -> Response:
        slack = self._configured()
        back = request.query_params.get("back", "/")
        answer = RedirectResponse("/")
        sessions = self.site.pages.sessions
        attempt = sessions.attempt(answer, back if is_path(back) else "/")
        team = slack.workspace().team_id or ""
        answer.headers["Location"] = slack.provider.address(
            self._redirect_uri, attempt.state, sessions.nonce(attempt), team
        )
        return answer

    def finish(self, request: Request, _body: bytes) -> Response:
        """Begin the session of whoever comes back from Slack. Whatever comes of it, the attempt is over."""
        answer = self.site.guarded(request, lambda: self._finish(request))
        self.site.pages.sessions.end_attempt(answer)
        return answer

    def _finish(self, request: Request) -> Response:
        slack, attempt = self._configured(), self._attempt(request)
        if "error" in request.query_params:
            raise NotAllowed(DENIED)
        identity = self._identity(slack, request, attempt)
        _check_workspace(identity, slack.workspace())
        slack.ask_about(identity.slack_user_id)
        with self.site.unit_of_work.begin() as work:
            load_person(work, identity.slack_user_id, source=SOURCE)
        answer = see_other(attempt.back)
        self.site.pages.sessions.start(answer, identity.slack_user_id)
        return answer

    def _attempt(self, request: Request) -> Attempt:
        """Return what this browser has begun. Raises NotAllowed for a state that is not its own."""
        attempt = self.site.pages.sessions.attempted(request)
        state = request.query_params.get("state", "")
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise NotAllowed(STALE, hint="Begin again at /sign-in.")
        return attempt

    def _identity(self, slack: SlackSignIn, request: Request, attempt: Attempt) -> Identity:
        """Ask Slack who has come back. Codes that it refuses count as bad tokens of their address."""
        code = request.query_params.get("code", "")
        limits: RestLimits = request.app.state.settings.limits
        address = request.client.host if request.client else ""
        digest = hashlib.sha256(code.encode()).hexdigest()
        limits.check_address(address, digest)
        nonce = self.site.pages.sessions.nonce(attempt)
        try:
            return slack.provider.identify(code, self._redirect_uri, nonce)
        except NotAllowed:
            limits.count_token(address, digest, is_good=False)
            raise

    def end(self, _visit: Visit) -> Response:
        """Sign out."""
        answer = see_other("/sign-in/out")
        self.site.pages.sessions.end(answer)
        return answer

    async def out(self, _request: Request) -> Response:
        """Say that somebody is signed out."""
        return self.site.pages.page("signed_out.html", 200, may_sign_in=self.site.may_sign_in)

    def _configured(self) -> SlackSignIn:
        if self.slack is None:
            raise InvalidInput(HOW)
        return self.slack

    @property
    def _redirect_uri(self) -> str:
        return self.site.links.public_url.rstrip("/") + SIGN_IN_PATH


def is_path(address: str) -> bool:
    """Return whether it is a path on this host, and not the address of another one in disguise."""
    if len(address) > LONGEST_PATH or not PRINTABLE.fullmatch(address):
        return False
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc


def _check_workspace(identity: Identity, workspace: Workspace) -> None:
    """Raise NotAllowed for somebody of another workspace. The identity is for our app alone: its client id is ours."""
    if workspace.team_id is None:
        raise NotAllowed(UNBOUND)
    sender = Sender(identity.team_id, identity.enterprise_id, workspace.app_id, None)
    why = refusal_of(sender, workspace)
    if why is not None:
        raise NotAllowed(why)
