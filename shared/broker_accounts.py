"""Accounts as a broker has them, made and compared through its management API; needs an administrator's account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from shared.broker.accounts import FIRST, Role
from shared.broker.differences import Difference
from shared.management import ManagementRefused

GUEST = "guest"
"""The account with a password that everybody knows, which RabbitMQ makes unless it is told otherwise."""


class Accounts:
    """The accounts of one virtual host, seen through the management API.

    Every method raises ManagementRefused, or httpx's TransportError when nobody answers.
    """

    def __init__(self, client: httpx.Client, vhost: str) -> None:
        self._client = client
        self._vhost = vhost

    def put(self, account: str, role: Role, password: str) -> None:
        """Make an account, or make it again what its role says, with this password; harmless when repeated."""
        name = quote(account, safe="")
        self._change("PUT", f"/users/{name}", {"password": password, "tags": ",".join(role.tags)})
        self._change("PUT", f"/permissions/{quote(self._vhost, safe='')}/{name}", role.permissions())

    def remove(self, account: str) -> None:
        """Delete an account; harmless when there is none."""
        answer = self._client.delete(f"/users/{quote(account, safe='')}")
        if answer.status_code != httpx.codes.NOT_FOUND and not answer.is_success:
            raise ManagementRefused(answer.status_code, f"the removal of account {account}")

    def differences(self, accounts: Mapping[str, Role] = FIRST) -> Iterator[Difference]:
        """Yield each way in which an account is missing or may do other things than its role says."""
        users = {user["name"]: user for user in self._list("/users")}
        permissions = {
            one["user"]: {sort: one[sort] for sort in ("configure", "write", "read")}
            for one in self._list("/permissions")
            if one["vhost"] == self._vhost
        }
        for account, role in accounts.items():
            thing = f"account {account}"
            if account not in users:
                yield Difference("missing", thing, "not there")
                continue
            tags = sorted(_tags(users[account]))
            if tags != sorted(role.tags):
                yield Difference("different", thing, f"tags are {_said(tags)}, not {_said(sorted(role.tags))}")
            found = permissions.get(account, {})
            for sort, wanted in role.permissions().items():
                if found.get(sort) != wanted:
                    yield Difference("different", thing, f"{sort} is {found.get(sort)!r}, not {wanted!r}")
        if GUEST in users:
            yield Difference(
                "surplus", f"account {GUEST}", "everybody knows its password; rabbitmqctl delete_user guest"
            )

    def _change(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        answer = self._client.request(method, path, json=body)
        if not answer.is_success:
            raise ManagementRefused(answer.status_code, f"{method} {path}")

    def _list(self, path: str) -> list[dict[str, Any]]:
        answer = self._client.get(path)
        if answer.status_code != httpx.codes.OK:
            raise ManagementRefused(answer.status_code, f"GET {path}")
        listed: list[dict[str, Any]] = answer.json()
        return listed


def _tags(user: Mapping[str, Any]) -> list[str]:
    """Return an account's tags; RabbitMQ before 3.9 gave them as one text."""
    tags = user["tags"]
    return [tag for tag in tags.split(",") if tag] if isinstance(tags, str) else list(tags)


def _said(tags: list[str]) -> str:
    return ", ".join(tags) or "none"
