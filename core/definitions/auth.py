"""Who a webhook calls as: a token, a name and password, or a token that an authorization server gives."""

from typing import Annotated, Literal

from pydantic import Field

from core.definitions.fields import Definition, HeaderField, TemplateText, UrlTemplate

Given = Annotated[TemplateText, Field(min_length=1)]


class BearerAuth(Definition):
    """`Authorization: Bearer TOKEN` (RFC 6750)."""

    type: Literal["bearer"]
    token: Annotated[str, HeaderField(name="Authorization"), Field(min_length=1)]
    """The token, as `{{ secrets.NAME }}`."""


class BasicAuth(Definition):
    """`Authorization: Basic …` (RFC 7617)."""

    type: Literal["basic"]
    username: Given
    """The name."""
    password: TemplateText
    """The password, as `{{ secrets.NAME }}`."""


class OAuth2Auth(Definition):
    """A token by the client credentials grant (RFC 6749, section 4.4), kept until shortly before it expires."""

    type: Literal["oauth2"]
    token_url: Annotated[UrlTemplate, Field(min_length=1)]
    """Where tokens are given."""
    client_id: Given
    """Who asks for one."""
    client_secret: Given
    """The client's secret, as `{{ secrets.NAME }}`."""
    scope: TemplateText | None = None
    """What the token is for, where the server wants to know."""
    audience: TemplateText | None = None
    """Whom the token is for, where the server wants to know."""
    credentials: Literal["header", "body"] = "header"
    """Where the client's id and secret stand: every server takes the header, some want the body."""


Auth = Annotated[BearerAuth | BasicAuth | OAuth2Auth, Field(discriminator="type")]
