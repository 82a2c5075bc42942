"""The library of versioned runbooks and workflows: draft, approved, deprecated."""
