"""Access: people and teams, tokens, declared secrets, the Slack workspace, and lists of what a person may see."""
