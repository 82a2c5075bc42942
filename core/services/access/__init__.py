"""Who somebody is and what is theirs: people, tokens, secrets, the workspace, lists."""
