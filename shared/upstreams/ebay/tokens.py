"""The application token that eBay wants with every call: asked for once, used until shortly before its end."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Final

from shared.errors import UnreadableAnswer, UpstreamGone, UpstreamRefused
from shared.upstreams.http import Upstream

UPSTREAM: Final = "ebay"
SCOPE: Final = "https://api.ebay.com/oauth/api_scope"  # of eBay's own sandbox too
EARLY: Final = 300.0  # seconds before its end at which a token is not used any more; they are good for two hours
NOT_FOUND: Final = 404
BAD_KEYS: Final = frozenset({400, 401})


class Tokens:
    """One token for all threads of a process; of several that need one, the first asks. `clock` is monotonic."""

    def __init__(
        self, upstream: Upstream, base: str, client_id: str, client_secret: str, clock: Callable[[], float]
    ) -> None:
        self._upstream = upstream
        self._address = f"{base}/identity/v1/oauth2/token"
        keys = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        upstream.keep_secret(keys)
        self._authorization = f"Basic {keys}"
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def get(self, refused: str = "") -> str:
        """Return a token that is good for some minutes yet, and is not the one that was refused."""
        with self._lock:
            if self._token in {"", refused} or self._clock() >= self._good_until:
                asked = self._clock()
                self._token, lasts = self._ask()
                self._upstream.keep_secret(self._token)
                # Of a token that ends sooner than EARLY, half its time is used.
                self._good_until = asked + max(lasts - EARLY, lasts / 2)
            return self._token

    def _ask(self) -> tuple[str, float]:
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        try:
            answer = self._upstream.post(
                self._address, "token", form=form, headers={"Authorization": self._authorization}
            )
        except UpstreamGone as error:
            # Not an item is gone: the address is wrong, and nobody may take that for a listing that ended.
            raise UpstreamRefused(UPSTREAM, NOT_FOUND, "no tokens there; is EBAY_URL right?") from error
        except UpstreamRefused as error:
            if error.status not in BAD_KEYS:
                raise
            hint = "are EBAY_CLIENT_ID and EBAY_CLIENT_SECRET of one production keyset?"
            raise UpstreamRefused(UPSTREAM, error.status, f"no token; {hint} ({error})") from error
        body = answer.json()
        token, lasts = (body.get("access_token"), body.get("expires_in")) if isinstance(body, dict) else (None, None)
        if not isinstance(token, str) or not token or not isinstance(lasts, int | float) or isinstance(lasts, bool):
            # Without its body, which may hold a token under a name we do not know.
            raise UnreadableAnswer(UPSTREAM, "token has no access_token or no expires_in")
        return token, float(lasts)
