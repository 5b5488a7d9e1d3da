"""What the HTTP API remembers: refreshes under way, and messages it has accepted."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        -- Unlogged: answers need no write-ahead log, and a crash may forget who was asking.
        CREATE UNLOGGED TABLE refreshes (
            entity       text PRIMARY KEY,
            holder       text NOT NULL,
            leased_until timestamptz NOT NULL,
            answered_at  timestamptz,
            answer       text,
            message_id   text,
            asked_at     timestamptz
        );
        CREATE INDEX refreshes_leased_until_idx ON refreshes (leased_until);
        COMMENT ON TABLE refreshes IS
            'Who is asking an upstream for an entity right now, and what it said; one row lives for about an hour';
        COMMENT ON COLUMN refreshes.entity IS 'Such as series:81189';
        COMMENT ON COLUMN refreshes.leased_until IS 'Until then nobody else asks';
        COMMENT ON COLUMN refreshes.answer IS 'The answer as JSON; null with answered_at: upstream has no such entity';
        COMMENT ON COLUMN refreshes.message_id IS 'The save that was asked for last';
        COMMENT ON COLUMN refreshes.asked_at IS 'When it was asked for';

        CREATE TABLE accepted_messages (
            message_id  text PRIMARY KEY,
            kind        text NOT NULL,
            digest      bytea NOT NULL,
            accepted_at timestamptz NOT NULL DEFAULT now(),
            not_before  timestamptz
        );
        CREATE INDEX accepted_messages_accepted_at_idx ON accepted_messages (accepted_at);
        COMMENT ON TABLE accepted_messages IS
            'Messages published by HTTP: one id is accepted once, and has a status before anybody has begun with it';
        COMMENT ON COLUMN accepted_messages.digest IS 'SHA-256 of the payload: an id used for two is a mistake';
        """
    )
