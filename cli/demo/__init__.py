"""`runbook demo`: the whole product on this machine, against the Slack sandbox and a small target."""
