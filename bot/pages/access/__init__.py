"""Who reads a page, and whether a form comes from it: sign in with Slack, sessions, bearer tokens, signed links."""
