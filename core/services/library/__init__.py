"""The library: versioned runbooks and workflows, each a draft, approved, or deprecated."""
