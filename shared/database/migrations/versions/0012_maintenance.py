"""Maintenance: what sweeps have asked for, and the run log's messages that have not ended."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE refresh_asks (
            entity     text,
            message_id text NOT NULL,
            asked_at   timestamptz NOT NULL,
            PRIMARY KEY (entity)
        );
        COMMENT ON TABLE refresh_asks IS 'Saves that refresh sweeps have asked for, the latest of each entity';
        COMMENT ON COLUMN refresh_asks.entity IS 'Such as series:81189';
        COMMENT ON COLUMN refresh_asks.message_id IS 'The save; sync_log has what became of it';
        COMMENT ON COLUMN refresh_asks.asked_at IS 'When it was asked for';

        -- Only what has not ended is in it, so it stays small however long the log is. What is stored without a mark
        -- that work has begun, as most messages are, never enters it.
        CREATE INDEX sync_log_unfinished_idx ON sync_log (started_at) WHERE status IN ('running', 'retrying');
        """
    )
