"""Run the `runbook` command with `python -m cli`."""

from cli.main import main

main()
