"""`runbook demo`: the whole product on this machine, with a Slack sandbox and a small target system."""
