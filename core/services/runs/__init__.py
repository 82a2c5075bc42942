"""Operations on runs: approvals, cancelling, verdicts, retries, callbacks, and the side effects of each change."""
