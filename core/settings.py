"""Settings from the environment. Only `cli` reads them; everything else is given values."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError


def _listed(value: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in value.split(",") if entry.strip())


def _password(url: str | None) -> str:
    try:
        return unquote(urlsplit(url or "").password or "")
    except ValueError:
        return ""


class Settings(BaseModel):
    """The settings. Defaults: embedded services, Slack's own address, shell steps off."""

    model_config = ConfigDict(frozen=True)

    database_url: str | None = Field(default=None, alias="DATABASE_URL")
    database_owner_url: str | None = Field(default=None, alias="DATABASE_OWNER_URL")
    redis_url: str | None = Field(default=None, alias="REDIS_URL")
    home: Path = Field(default=Path(".runbook"), alias="RUNBOOK_HOME")
    slack_bot_token: str = Field(default="", alias="SLACK_BOT_TOKEN")
    slack_signing_secret: str = Field(default="", alias="SLACK_SIGNING_SECRET")
    slack_app_token: str = Field(default="", alias="SLACK_APP_TOKEN")
    slack_client_id: str = Field(default="", alias="SLACK_CLIENT_ID")
    slack_client_secret: str = Field(default="", alias="SLACK_CLIENT_SECRET", repr=False)
    slack_api_url: str = Field(default="https://slack.com/api/", alias="SLACK_API_URL")
    slack_team_id: str = Field(default="", alias="SLACK_TEAM_ID")
    slack_enterprise_id: str = Field(default="", alias="SLACK_ENTERPRISE_ID")
    slack_app_id: str = Field(default="", alias="SLACK_APP_ID")
    port: int = Field(default=8000, ge=0, le=65535, alias="PORT")
    host: str = Field(default="", alias="HOST")
    public_url: str = Field(default="", alias="PUBLIC_URL")
    admins: str = Field(default="", alias="RUNBOOK_ADMINS")
    shell: Literal["off", "on"] = Field(default="off", alias="RUNBOOK_SHELL")
    shell_user: str = Field(default="", alias="RUNBOOK_SHELL_USER")
    shell_wrapper: str = Field(default="", alias="RUNBOOK_SHELL_WRAPPER")
    shell_programs: str = Field(default="", alias="RUNBOOK_SHELL_PROGRAMS")
    audit_head_file: Path | None = Field(default=None, alias="RUNBOOK_AUDIT_HEAD_FILE")
    audit_head_url: str = Field(default="", alias="RUNBOOK_AUDIT_HEAD_URL")
    egress: str = Field(default="", alias="RUNBOOK_EGRESS")
    aws_teams: str = Field(default="", alias="RUNBOOK_AWS_TEAMS")
    alert_secret_grafana: str = Field(default="", alias="RUNBOOK_ALERT_SECRET_GRAFANA", repr=False)
    alert_secret_pagerduty: str = Field(default="", alias="RUNBOOK_ALERT_SECRET_PAGERDUTY", repr=False)
    alert_secret_sentry: str = Field(default="", alias="RUNBOOK_ALERT_SECRET_SENTRY", repr=False)
    secret_folders: str = Field(default="", alias="RUNBOOK_SECRET_FOLDERS")
    vault_addr: str = Field(default="", alias="VAULT_ADDR")
    vault_token: str = Field(default="", alias="VAULT_TOKEN")
    vault_token_file: str = Field(default="", alias="VAULT_TOKEN_FILE")
    vault_namespace: str = Field(default="", alias="VAULT_NAMESPACE")
    mcp: Literal["off", "on"] = Field(default="off", alias="RUNBOOK_MCP")
    limits: int = Field(default=1, ge=1, le=1000, alias="RUNBOOK_LIMITS")
    keep_runs: int | None = Field(default=None, ge=91, le=36500, alias="RUNBOOK_KEEP_RUNS")
    keep_workflow_runs: int | None = Field(default=None, ge=91, le=36500, alias="RUNBOOK_KEEP_WORKFLOW_RUNS")
    traces_url: str = Field(default="", alias="RUNBOOK_TRACES_URL")
    log: Literal["text", "json"] = Field(default="text", alias="RUNBOOK_LOG")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", alias="RUNBOOK_LOG_LEVEL")
    single_admin: Literal["off", "on"] = Field(default="off", alias="RUNBOOK_SINGLE_ADMIN")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises ConfigurationError, naming the setting, for an invalid value."""
        known = {field.alias for field in cls.model_fields.values()}
        given = {name: value.strip() for name, value in environ.items() if name in known and value.strip()}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigurationError(f"{first['loc'][0]} is {first['input']!r}: {first['msg']}.") from error

    @property
    def platform_admins(self) -> frozenset[str]:
        return frozenset(_listed(self.admins))

    @property
    def shell_program_entries(self) -> tuple[str, ...]:
        return _listed(self.shell_programs)

    @property
    def egress_entries(self) -> tuple[str, ...]:
        return _listed(self.egress)

    @property
    def aws_team_names(self) -> tuple[str, ...]:
        """The teams whose runbooks may act in AWS with the worker's own identity; `*`: all."""
        return _listed(self.aws_teams)

    @property
    def alert_secrets(self) -> dict[str, tuple[str, ...]]:
        """The secrets with which each vendor signs its webhooks, if set: several while they are rotated."""
        secrets = {
            "grafana": self.alert_secret_grafana,
            "pagerduty": self.alert_secret_pagerduty,
            "sentry": self.alert_secret_sentry,
        }
        return {vendor: _listed(value) for vendor, value in secrets.items() if _listed(value)}

    @property
    def secret_folder_entries(self) -> tuple[str, ...]:
        return _listed(self.secret_folders)

    def retention_of(self, kind: Literal["runbook", "workflow"]) -> timedelta | None:
        """Return how long ended executions of this kind are kept; None: for ever."""
        days = self.keep_runs if kind == "runbook" else self.keep_workflow_runs
        return timedelta(days=days) if days is not None else None

    @property
    def credentials(self) -> tuple[str, ...]:
        """All credentials in the settings, to be masked wherever they appear."""
        passwords = (_password(url) for url in (self.database_url, self.database_owner_url, self.redis_url))
        slack = (
            self.slack_bot_token,
            self.slack_signing_secret,
            self.slack_app_token,
            self.slack_client_secret,
        )
        tokens = (*slack, self.vault_token)
        of_alerts = (value for values in self.alert_secrets.values() for value in values)
        return tuple(filter(None, (*tokens, *passwords, *of_alerts)))

    def need(self, *names: str) -> None:
        """Raise ConfigurationError for the first of these settings that is missing or empty."""
        by_alias = {field.alias: name for name, field in type(self).model_fields.items()}
        for name in names:
            if not getattr(self, by_alias[name]):
                raise ConfigurationError(f"{name} is not set.", hint=f"Set {name}: {NEEDED_FOR[name]}.")


NEEDED_FOR = {
    "SLACK_BOT_TOKEN": "the bot's token, xoxb-…, from your Slack app's page OAuth & Permissions",
    "SLACK_SIGNING_SECRET": "from your Slack app's page Basic Information, used to verify requests",
    "SLACK_APP_TOKEN": "an app-level token, xapp-…, with connections:write, needed for Socket Mode",
    "SLACK_CLIENT_ID": "from your Slack app's page Basic Information, for people to sign in to the pages",
    "SLACK_CLIENT_SECRET": "from your Slack app's page Basic Information, for people to sign in to the pages",
    "PUBLIC_URL": "the address at which people and Slack reach this service, such as https://runbook.example",
    "DATABASE_URL": "postgresql://user:password@host/database (separate several hosts with commas)",
    "REDIS_URL": "redis://host:6379/0, or redis+sentinel://host:26379,host:26379/SERVICE/0",
}
