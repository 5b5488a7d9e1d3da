"""Bringing a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from shared.database.engine import open_engine

MIGRATIONS = Path(__file__).parent / "migrations"

LOCK = 0x6D696C6C
"""Advisory lock under which migrations run: of two processes that start at once, the second finds the work done."""


def upgrade(url: str) -> None:
    """Apply every migration that the database at `url` (libpq's form) does not have yet; safe to run at any time."""
    engine = open_engine(url, pool=1, name="millrace-migrate")
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
            connection.commit()
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
                connection.commit()
    finally:
        engine.dispose()
