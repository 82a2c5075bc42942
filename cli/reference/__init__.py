"""The reference under docs/reference: made from the registries, the REST description and the commands."""
