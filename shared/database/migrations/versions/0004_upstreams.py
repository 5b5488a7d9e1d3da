"""Whose turn it is to ask an upstream, for all processes together."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        -- Unlogged: a turn is taken for every request, and a crash may forget them.
        CREATE UNLOGGED TABLE upstreams (
            name         text PRIMARY KEY,
            due          timestamptz NOT NULL DEFAULT to_timestamp(0),
            silent_until timestamptz NOT NULL DEFAULT to_timestamp(0),
            day          text NOT NULL DEFAULT '',
            used         integer NOT NULL DEFAULT 0,
            failures     integer NOT NULL DEFAULT 0,
            pauses       integer NOT NULL DEFAULT 0,
            open_until   timestamptz NOT NULL DEFAULT to_timestamp(0),
            probing      boolean NOT NULL DEFAULT false
        );
        COMMENT ON TABLE upstreams IS 'How each upstream may be asked right now; 1970 stands for never';
        COMMENT ON COLUMN upstreams.name IS 'Such as tvdb, or site:www.example.org';
        COMMENT ON COLUMN upstreams.due IS 'When the next request is due, were they evenly spaced';
        COMMENT ON COLUMN upstreams.silent_until IS 'Until then it has asked for silence (Retry-After)';
        COMMENT ON COLUMN upstreams.day IS 'The day, in the zone of its quota, that used is about';
        COMMENT ON COLUMN upstreams.used IS 'Requests of that day';
        COMMENT ON COLUMN upstreams.failures IS 'In a row, with no success of anybody in between';
        COMMENT ON COLUMN upstreams.pauses IS 'How often in a row the breaker has opened';
        COMMENT ON COLUMN upstreams.open_until IS 'Until then nobody asks';
        COMMENT ON COLUMN upstreams.probing IS 'One request is finding out whether it is back';
        """
    )
