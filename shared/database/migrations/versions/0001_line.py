"""The line's own tables: run log, outbox, dead letters."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE sync_log (
            message_id     text PRIMARY KEY,
            kind           text NOT NULL,
            queue          text NOT NULL,
            entity         text,
            status         text NOT NULL CHECK (status IN ('running', 'succeeded', 'retrying', 'failed')),
            attempts       jsonb NOT NULL DEFAULT '[]',
            result         jsonb,
            correlation_id text,
            cause          text,
            published_at   timestamptz,
            started_at     timestamptz NOT NULL,
            finished_at    timestamptz,
            synced_at      timestamptz
        ) WITH (fillfactor = 70);
        -- Summarising only, so that the second write of a row (running, then done) stays a heap-only update.
        CREATE INDEX sync_log_started_at_idx ON sync_log USING brin (started_at);
        COMMENT ON TABLE sync_log IS
            'Run log, a row per message: de-duplication, task status, Celery result, reason of a dead letter';
        COMMENT ON COLUMN sync_log.attempts IS
            'One object per ended attempt: attempt, started_at, ended_at, outcome, error, message, traceback';
        COMMENT ON COLUMN sync_log.synced_at IS 'When the effect was committed; null until then';

        CREATE TABLE outbox (
            id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            message_id  text NOT NULL,
            exchange    text NOT NULL,
            routing_key text NOT NULL,
            body        bytea NOT NULL,
            properties  jsonb NOT NULL,
            not_before  timestamptz NOT NULL DEFAULT now(),
            created_at  timestamptz NOT NULL DEFAULT now(),
            tries       integer NOT NULL DEFAULT 0,
            error       text
        ) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
        CREATE INDEX outbox_not_before_idx ON outbox (not_before, id);
        COMMENT ON TABLE outbox IS 'Messages committed with an effect, on their way to the broker; deleted when sent';
        COMMENT ON COLUMN outbox.not_before IS
            'When to send; the relay that takes a row moves this ahead, so that another sends it if that one dies';

        CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('outbox', '');
            RETURN NULL;
        END $$;
        CREATE TRIGGER outbox_wake AFTER INSERT ON outbox
            FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();

        CREATE TABLE dead_letters (
            id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            message_id    text NOT NULL,
            queue         text NOT NULL,
            kind          text NOT NULL,
            entity        text,
            exchange      text NOT NULL,
            routing_key   text NOT NULL,
            body          bytea NOT NULL,
            properties    jsonb NOT NULL,
            reason        text NOT NULL,
            error_class   text,
            error         text,
            traceback     text,
            fingerprint   text NOT NULL,
            state         text NOT NULL DEFAULT 'open'
                          CHECK (state IN ('open', 'replaying', 'resolved', 'discarded')),
            first_died_at timestamptz NOT NULL,
            last_died_at  timestamptz NOT NULL,
            deaths        integer NOT NULL DEFAULT 1,
            replays       integer NOT NULL DEFAULT 0
        );
        -- A publisher may use one id for two different messages; both are kept.
        CREATE UNIQUE INDEX dead_letters_message_idx ON dead_letters (message_id, queue, md5(body));
        CREATE INDEX dead_letters_state_idx ON dead_letters (state, last_died_at DESC);
        CREATE INDEX dead_letters_fingerprint_idx ON dead_letters (fingerprint);
        COMMENT ON TABLE dead_letters IS 'Ledger of messages that died; message columns never change';

        CREATE TABLE dead_letter_actions (
            id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            dead_letter_id bigint NOT NULL REFERENCES dead_letters ON DELETE CASCADE,
            at             timestamptz NOT NULL DEFAULT now(),
            actor          text NOT NULL,
            action         text NOT NULL,
            detail         jsonb NOT NULL DEFAULT '{}'
        );
        CREATE INDEX dead_letter_actions_letter_idx ON dead_letter_actions (dead_letter_id, at);
        COMMENT ON TABLE dead_letter_actions IS 'Who did what with a dead letter, in the transaction that did it';
        """
    )
