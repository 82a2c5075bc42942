"""`/problems/{code}`: what a problem's code means, where its `type` leads."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from bot.pages.run import Pages
from core.error_codes import ErrorCode
from core.errors import NotFound


@dataclass(frozen=True)
class ProblemPage:
    """Answers anybody with the page of a code; it tells nothing of what is stored."""

    pages: Pages

    async def answer(self, request: Request) -> Response:
        """Async, since it waits for nothing. Raises NotFound for a code that there is not."""
        code = ErrorCode.named(request.path_params["code"])
        if code is None:
            raise NotFound("There is no such code.", hint="The page of each is at /problems/CODE.")
        return self.pages.page("problem.html", HTTPStatus.OK, {}, code=code)
