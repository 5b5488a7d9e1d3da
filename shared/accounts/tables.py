"""The tables of accounts, as the migration makes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    func,
)

from shared.database.metadata import metadata

_MOMENT: Final = DateTime(timezone=True)

users: Final = Table(
    "users",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="Subject of their tokens"),
    Column(
        "name", Text, nullable=False, comment="A name or an e-mail address, as it was typed; unique in whatever case"
    ),
    Column("password_hash", Text, nullable=False, comment="Argon2id, in PHC form"),
    Column("role", Text, nullable=False, comment="viewer, operator or admin; each may all that those before it may"),
    Column(
        "generation",
        Integer,
        nullable=False,
        server_default="1",
        comment="Tokens of an earlier generation are refused: a new password, or being disabled, begins a new one",
    ),
    Column("created_at", _MOMENT, nullable=False, server_default=func.now(), comment="When the account was made"),
    Column("disabled_at", _MOMENT, comment="Since when nobody gets in with it; null while somebody may"),
    Column("last_seen_at", _MOMENT, comment="When it was last used, to within some minutes"),
    CheckConstraint("name ~ '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$'", name="name"),
    CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"),
    comment="People and programs that may do more than read",
)
Index("users_name_key", func.lower(users.c.name), unique=True)
Index(None, users.c.last_seen_at)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", LargeBinary, primary_key=True, comment="SHA-256 of the token in the cookie, which is kept nowhere"),
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, comment="Who signed in"),
    Column("created_at", _MOMENT, nullable=False, server_default=func.now(), comment="When they did"),
    Column("expires_at", _MOMENT, nullable=False, comment="When it ends, used or not"),
    Column(
        "last_seen_at",
        _MOMENT,
        nullable=False,
        server_default=func.now(),
        comment="When it was last used, to within a minute; one left idle ends",
    ),
    Column("user_agent", Text, comment="What the browser calls itself"),
    comment="Browsers that are signed in",
)
Index(None, sessions.c.user_id)
Index(None, sessions.c.expires_at)

revoked_tokens: Final = Table(
    "revoked_tokens",
    metadata,
    Column("jti", Text, primary_key=True, comment="Id of the token"),
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, comment="Whose it was"),
    Column(
        "expires_at", _MOMENT, nullable=False, comment="When it expires by itself; from then on this row is of no use"
    ),
    Column("revoked_at", _MOMENT, nullable=False, server_default=func.now(), comment="When it was signed out"),
    comment="Tokens that were signed out before they expired",
)
Index(None, revoked_tokens.c.user_id)
Index(None, revoked_tokens.c.expires_at)

sign_ins: Final = Table(
    "sign_ins",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "name_key",
        LargeBinary,
        nullable=False,
        comment="SHA-256 of the name in lower case: what people type there by mistake is at times a password",
    ),
    Column("address", Text, nullable=False, comment="IPv4 address or IPv6 network (/64) it came from"),
    Column("at", _MOMENT, nullable=False, server_default=func.now(), comment="When"),
    Column(
        "succeeded",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="False until the password was found to be right",
    ),
    comment="Attempts to sign in, by which guessing is limited",
)
Index(None, sign_ins.c.name_key, sign_ins.c.at)
Index(None, sign_ins.c.address, sign_ins.c.at)
Index(None, sign_ins.c.at)

account_changes: Final = Table(
    "account_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _MOMENT, nullable=False, server_default=func.now(), comment="When"),
    Column("actor", Text, nullable=False, comment="Who did it: of a command, the system's user and the machine"),
    Column("account", Text, nullable=False, comment="Name of the user that was changed; it may be gone by now"),
    Column("action", Text, nullable=False, comment="The command, such as set-role"),
    Column("detail", Text, comment="The role that was given; never anything of a password"),
    comment="What was done to users, in the transaction that did it",
)
