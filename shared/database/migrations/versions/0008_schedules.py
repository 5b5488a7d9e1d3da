"""The clock: what is asked for without anybody asking, and when."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE schedules (
            name             text,
            kind             text NOT NULL,
            payload          jsonb NOT NULL DEFAULT '{}',
            crontab          text,
            interval_seconds integer,
            once_at          timestamptz,
            time_zone        text NOT NULL DEFAULT 'UTC',
            priority         smallint NOT NULL DEFAULT 5,
            enabled          boolean NOT NULL DEFAULT true,
            missed_run       text NOT NULL DEFAULT 'run_once',
            grace_seconds    integer NOT NULL DEFAULT 60,
            description      text NOT NULL DEFAULT '',
            seeded           boolean NOT NULL DEFAULT false,
            changed_by       text,
            changed_at       timestamptz NOT NULL,
            next_due_at      timestamptz,
            last_due_at      timestamptz,
            last_fired_at    timestamptz,
            last_message_id  text,
            last_success_at  timestamptz,
            problem          text,
            PRIMARY KEY (name),
            CONSTRAINT schedules_trigger_check CHECK (num_nonnulls(crontab, interval_seconds, once_at) = 1),
            CONSTRAINT schedules_payload_check CHECK (jsonb_typeof(payload) = 'object'),
            CONSTRAINT schedules_once_at_check CHECK (once_at BETWEEN '1970-01-01Z' AND '3000-01-01Z'),
            CONSTRAINT schedules_interval_seconds_check CHECK (interval_seconds > 0),
            CONSTRAINT schedules_priority_check CHECK (priority BETWEEN 0 AND 9),
            CONSTRAINT schedules_missed_run_check CHECK (missed_run IN ('run_once', 'skip')),
            CONSTRAINT schedules_grace_seconds_check CHECK (grace_seconds >= 0)
        );
        CREATE INDEX schedules_next_due_at_idx ON schedules (next_due_at);
        COMMENT ON TABLE schedules IS 'What is asked for by the clock; the scheduler that leads fires what is due';
        COMMENT ON COLUMN schedules.name IS 'Part of the id of each message it fires';
        COMMENT ON COLUMN schedules.kind IS 'The kind of message it asks with';
        COMMENT ON COLUMN schedules.payload IS 'What goes into the message, as the kind''s contract has it';
        COMMENT ON COLUMN schedules.crontab IS
            'Minute, hour, day of month, month, day of week, read in time_zone; all of them must fit';
        COMMENT ON COLUMN schedules.interval_seconds IS 'Or: due at each multiple of this since 1970';
        COMMENT ON COLUMN schedules.once_at IS 'Or: due at this moment alone';
        COMMENT ON COLUMN schedules.time_zone IS 'IANA zone in which a crontab is read, and times are shown';
        COMMENT ON COLUMN schedules.priority IS '9 a person is waiting, 5 normal, 1 background refresh';
        COMMENT ON COLUMN schedules.enabled IS 'Whether it fires at all';
        COMMENT ON COLUMN schedules.missed_run IS
            'What becomes of a run that is later than grace_seconds: run_once (however many were missed) or skip';
        COMMENT ON COLUMN schedules.grace_seconds IS 'A run that is no later than this was not missed';
        COMMENT ON COLUMN schedules.description IS 'What it is for';
        COMMENT ON COLUMN schedules.seeded IS 'Whether it comes from the table in code';
        COMMENT ON COLUMN schedules.changed_by IS
            'The operator who changed it last: the table in code no longer overwrites it; null for one as seeded';
        COMMENT ON COLUMN schedules.changed_at IS 'When it was last changed by anybody';
        COMMENT ON COLUMN schedules.next_due_at IS 'When it fires next; null while disabled, and when it never will';
        COMMENT ON COLUMN schedules.last_due_at IS 'The due time for which it fired last';
        COMMENT ON COLUMN schedules.last_fired_at IS 'When it did';
        COMMENT ON COLUMN schedules.last_message_id IS 'The message of that';
        COMMENT ON COLUMN schedules.last_success_at IS
            'The latest success among runs that schedule_firings has forgotten, or soon may';
        COMMENT ON COLUMN schedules.problem IS 'Why nothing could be fired at the last due time; null when it could';

        CREATE TABLE schedule_firings (
            message_id text,
            schedule   text NOT NULL REFERENCES schedules ON DELETE CASCADE,
            due_at     timestamptz NOT NULL,
            fired_at   timestamptz NOT NULL,
            asked_by   text,
            PRIMARY KEY (message_id)
        );
        CREATE INDEX schedule_firings_schedule_fired_at_idx ON schedule_firings (schedule, fired_at);
        COMMENT ON TABLE schedule_firings IS 'The latest messages of each schedule; sync_log has what became of them';
        COMMENT ON COLUMN schedule_firings.message_id IS 'Made from schedule and due_at: a due time fires once';
        COMMENT ON COLUMN schedule_firings.due_at IS 'When it was due';
        COMMENT ON COLUMN schedule_firings.fired_at IS 'When it was put into the outbox';
        COMMENT ON COLUMN schedule_firings.asked_by IS 'The operator who did not wait for the due time; else null';
        """
    )
