"""A package of somebody else that brings a step type and an action type."""
