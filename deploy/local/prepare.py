"""`python -m deploy.local.prepare database|topology`: what must be true before the stack's programs start."""

from __future__ import annotations

import sys

from shared.broker import declare
from shared.settings import Settings


def main(what: str) -> None:
    """Bring the database to the newest schema, or declare the topology on the broker."""
    settings = Settings()
    if what == "database":
        from shared.database import migrate  # noqa: PLC0415 - SQLAlchemy and Alembic, which the topology does not need

        migrate.upgrade(settings.database_url.get_secret_value())
    elif what == "topology":
        declare.apply(settings.rabbitmq_url.get_secret_value())
    else:
        raise SystemExit(f"{what!r} is neither database nor topology")


if __name__ == "__main__":
    main(*sys.argv[1:])
