"""The bundled PostgreSQL and Valkey, started when no address is configured."""

from cli.embedded.files import EmbeddedServiceError
from cli.embedded.roles import create_database
from cli.embedded.services import Services, embedded_services

__all__ = ["EmbeddedServiceError", "Services", "create_database", "embedded_services"]
