"""Teams, runbooks and workflows to start from, and something that they can act on."""
