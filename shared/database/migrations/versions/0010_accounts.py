"""Accounts: who may do what, who is signed in, and what limits guessing."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE users (
            id            bigint GENERATED ALWAYS AS IDENTITY,
            name          text NOT NULL,
            password_hash text NOT NULL,
            role          text NOT NULL,
            generation    integer NOT NULL DEFAULT 1,
            created_at    timestamptz NOT NULL DEFAULT now(),
            disabled_at   timestamptz,
            last_seen_at  timestamptz,
            PRIMARY KEY (id),
            CONSTRAINT users_name_check CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$'),
            CONSTRAINT users_role_check CHECK (role IN ('viewer', 'operator', 'admin'))
        );
        CREATE UNIQUE INDEX users_name_key ON users (lower(name));
        CREATE INDEX users_last_seen_at_idx ON users (last_seen_at);
        COMMENT ON TABLE users IS 'People and programs that may do more than read';
        COMMENT ON COLUMN users.id IS 'Subject of their tokens';
        COMMENT ON COLUMN users.name IS 'A name or an e-mail address, as it was typed; unique in whatever case';
        COMMENT ON COLUMN users.password_hash IS 'Argon2id, in PHC form';
        COMMENT ON COLUMN users.role IS 'viewer, operator or admin; each may all that those before it may';
        COMMENT ON COLUMN users.generation IS
            'Tokens of an earlier generation are refused: a new password, or being disabled, begins a new one';
        COMMENT ON COLUMN users.created_at IS 'When the account was made';
        COMMENT ON COLUMN users.disabled_at IS 'Since when nobody gets in with it; null while somebody may';
        COMMENT ON COLUMN users.last_seen_at IS 'When it was last used, to within some minutes';

        CREATE TABLE sessions (
            id           bytea,
            user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
            created_at   timestamptz NOT NULL DEFAULT now(),
            expires_at   timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL DEFAULT now(),
            user_agent   text,
            PRIMARY KEY (id)
        );
        CREATE INDEX sessions_user_id_idx ON sessions (user_id);
        CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
        COMMENT ON TABLE sessions IS 'Browsers that are signed in';
        COMMENT ON COLUMN sessions.id IS 'SHA-256 of the token in the cookie, which is kept nowhere';
        COMMENT ON COLUMN sessions.user_id IS 'Who signed in';
        COMMENT ON COLUMN sessions.created_at IS 'When they did';
        COMMENT ON COLUMN sessions.expires_at IS 'When it ends, used or not';
        COMMENT ON COLUMN sessions.last_seen_at IS 'When it was last used, to within a minute; one left idle ends';
        COMMENT ON COLUMN sessions.user_agent IS 'What the browser calls itself';

        CREATE TABLE revoked_tokens (
            jti        text,
            user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (jti)
        );
        CREATE INDEX revoked_tokens_user_id_idx ON revoked_tokens (user_id);
        CREATE INDEX revoked_tokens_expires_at_idx ON revoked_tokens (expires_at);
        COMMENT ON TABLE revoked_tokens IS 'Tokens that were signed out before they expired';
        COMMENT ON COLUMN revoked_tokens.jti IS 'Id of the token';
        COMMENT ON COLUMN revoked_tokens.user_id IS 'Whose it was';
        COMMENT ON COLUMN revoked_tokens.expires_at IS 'When it expires by itself; from then on this row is of no use';
        COMMENT ON COLUMN revoked_tokens.revoked_at IS 'When it was signed out';

        CREATE TABLE sign_ins (
            id        bigint GENERATED ALWAYS AS IDENTITY,
            name_key  bytea NOT NULL,
            address   text NOT NULL,
            at        timestamptz NOT NULL DEFAULT now(),
            succeeded boolean NOT NULL DEFAULT false,
            PRIMARY KEY (id)
        );
        CREATE INDEX sign_ins_name_key_at_idx ON sign_ins (name_key, at);
        CREATE INDEX sign_ins_address_at_idx ON sign_ins (address, at);
        CREATE INDEX sign_ins_at_idx ON sign_ins (at);
        COMMENT ON TABLE sign_ins IS 'Attempts to sign in, by which guessing is limited';
        COMMENT ON COLUMN sign_ins.name_key IS
            'SHA-256 of the name in lower case: what people type there by mistake is at times a password';
        COMMENT ON COLUMN sign_ins.address IS 'IPv4 address or IPv6 network (/64) it came from';
        COMMENT ON COLUMN sign_ins.at IS 'When';
        COMMENT ON COLUMN sign_ins.succeeded IS 'False until the password was found to be right';
        """
    )
