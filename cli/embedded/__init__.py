"""PostgreSQL and Valkey that we bring along, started where no address is set."""

from cli.embedded.files import EmbeddedServiceError
from cli.embedded.roles import create_database
from cli.embedded.services import Services, embedded_services

__all__ = ["EmbeddedServiceError", "Services", "create_database", "embedded_services"]
