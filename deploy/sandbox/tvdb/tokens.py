"""Logins: tokens that look like the true JWTs, run out, and can be ended at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deploy.sandbox.options import Options


class LoginRefused(Exception):
    """A login that is answered with `status` (400 or 401) and a message in TheTVDB's words."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Logins:
    """Gives tokens out and recognises them; `clock` tells the time, in UTC."""

    def __init__(self, options: Options, clock: Callable[[], datetime]) -> None:
        self._options = options
        self._clock = clock
        self._also: set[str] = set()
        self.end_all()

    def end_all(self) -> None:
        """Let no token given so far be worth anything."""
        self._secret = secrets.token_bytes(32)

    def also_accept(self, token: str) -> None:
        """Let a token from a recorded login be as good as one of ours; it never runs out."""
        self._also.add(token)

    def check(self, apikey: object, pin: object) -> None:
        """Raise LoginRefused unless a key, with its PIN where it needs one, may log in."""
        if not isinstance(apikey, str) or not apikey:
            raise LoginRefused(400, "InvalidValueType: apikey required")
        if hmac.compare_digest(apikey.encode(), self._options.api_key.encode()):
            return
        if not hmac.compare_digest(apikey.encode(), self._options.subscriber_key.encode()):
            raise LoginRefused(401, "InvalidAPIKey: apikey invalid")
        if not pin:
            raise LoginRefused(400, "InvalidValueType: pin required")
        if pin != self._options.pin:
            raise LoginRefused(401, "InvalidAPIKey: pin invalid")

    def issue(self) -> str:
        """Return a fresh token; its `exp` is Unix seconds."""
        claims = {
            "age": "",
            "apikey": "hidden",
            "community_supported": False,
            "exp": int(self._clock().timestamp() + self._options.token_seconds),
            "gender": "",
            "hits_per_day": 100_000_000,
            "id": secrets.token_hex(4),
            "is_mod": False,
            "is_system_key": False,
            "is_trusted": False,
            "pin": "",
            "roles": [],
            "tenant": "tvdb",
            "uuid": "",
        }
        signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{_segment(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def valid(self, authorization: str) -> bool:
        """Tell whether an Authorization header carries a token that is ours and has not run out."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return False
        if token in self._also:
            return True
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return False
        claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
        return bool(claims["exp"] > self._clock().timestamp())

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.digest(self._secret, signed.encode(), hashlib.sha256))


def _segment(value: object) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
