"""Who changed which account, and how."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE account_changes (
            id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at      timestamptz NOT NULL DEFAULT now(),
            actor   text NOT NULL,
            account text NOT NULL,
            action  text NOT NULL,
            detail  text
        );
        COMMENT ON TABLE account_changes IS 'What was done to users, in the transaction that did it';
        COMMENT ON COLUMN account_changes.at IS 'When';
        COMMENT ON COLUMN account_changes.actor IS 'Who did it: of a command, the system''s user and the machine';
        COMMENT ON COLUMN account_changes.account IS 'Name of the user that was changed; it may be gone by now';
        COMMENT ON COLUMN account_changes.action IS 'The command, such as set-role';
        COMMENT ON COLUMN account_changes.detail IS 'The role that was given; never anything of a password';
        """
    )
