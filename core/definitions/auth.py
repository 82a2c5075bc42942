"""Who a webhook calls as: a token, a name and password, or a token that an authorization server gives."""

from typing import Annotated, Literal

from pydantic import Field

from core.definitions.fields import Definition, TemplateText

Given = Annotated[TemplateText, Field(min_length=1)]


class BearerAuth(Definition):
    """`Authorization: Bearer TOKEN` (RFC 6750)."""

    type: Literal["bearer"]
    token: Given


class BasicAuth(Definition):
    """`Authorization: Basic …` (RFC 7617)."""

    type: Literal["basic"]
    username: Given
    password: TemplateText


class OAuth2Auth(Definition):
    """A token by the client credentials grant (RFC 6749, section 4.4), kept until shortly before it expires.

    `credentials`: where the client's id and secret stand; every server takes the header, some want the body.
    """

    type: Literal["oauth2"]
    token_url: Given
    client_id: Given
    client_secret: Given
    scope: TemplateText | None = None
    audience: TemplateText | None = None
    credentials: Literal["header", "body"] = "header"


Auth = Annotated[BearerAuth | BasicAuth | OAuth2Auth, Field(discriminator="type")]
