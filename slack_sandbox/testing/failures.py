"""Failures of a test, as sentences. All are AssertionErrors: pytest reports them as failures, not as errors."""

from collections.abc import Mapping


class SlackTestFailure(AssertionError):
    """Something in the workspace is not as the test expects."""


class NotFound(SlackTestFailure):
    """No such person, channel, button, field or option. The text names those that exist."""


class NotShown(SlackTestFailure):
    """The app did not show it in time. The text has the transcript."""


class Refused(SlackTestFailure):
    """Slack refused what a person did, or the app did not acknowledge it. `error` is Slack's name for it."""

    def __init__(self, error: str, sentence: str) -> None:
        super().__init__(sentence)
        self.error = error


class FormRefused(Refused):
    """A modal stays open with errors on its fields: a sentence for each field's label."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        listed = "; ".join(f"{label}: {sentence}" for label, sentence in errors.items())
        super().__init__("form_errors", f"The form was not accepted. {listed}")
        self.errors = dict(errors)
