"""What the exporter counts again and again is read from indexes alone."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        """
        -- How many dead letters there are of each state, queue and reason, and how old the oldest is.
        CREATE INDEX dead_letters_census_idx ON dead_letters (state, queue, reason, last_died_at);

        -- Whoever looks for what is stale, to count it or to ask for it, leaves out what is gone.
        DROP INDEX series_synced_at_idx, movies_synced_at_idx, people_synced_at_idx;
        CREATE INDEX series_synced_at_idx ON series (synced_at) WHERE gone_at IS NULL;
        CREATE INDEX movies_synced_at_idx ON movies (synced_at) WHERE gone_at IS NULL;
        CREATE INDEX people_synced_at_idx ON people (synced_at) WHERE gone_at IS NULL;
        """
    )
