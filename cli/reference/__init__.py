"""Generates docs/reference from the type registries, the OpenAPI document and the commands."""
