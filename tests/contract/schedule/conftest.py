"""A PostgreSQL server for schedules of a team."""

from postgres_server import server

__all__ = ["server"]  # a fixture
