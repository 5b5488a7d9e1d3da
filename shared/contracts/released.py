"""The released contracts: the committed schemas, which today's code must go on honouring."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from shared.contracts.changes import breaking_changes
from shared.contracts.documents import Schema, schema_of
from shared.contracts.registry import Contracts

Released = Mapping[tuple[str, int], Schema]
"""Schemas by kind and version."""

_NAME = re.compile(r"(?P<kind>.+)\.v(?P<version>[1-9][0-9]*)\.json")


def read(directory: Path) -> dict[tuple[str, int], Schema]:
    """Return every schema that a directory holds; raises ValueError naming a file that is not JSON."""
    found = {}
    for path in sorted(directory.iterdir()):
        if name := _NAME.fullmatch(path.name):
            try:
                found[name["kind"], int(name["version"])] = json.loads(path.read_text("utf-8"))
            except ValueError as error:
                raise ValueError(f"{path} is not JSON: {error}") from error
    return found


def broken_promises(released: Released, contracts: Contracts) -> list[str]:
    """Return one line for each released contract that today's contracts no longer honour.

    A version whose number has grown since is not compared: its upcaster answers for it.
    """
    problems = []
    for (name, version), schema in sorted(released.items()):
        if name not in contracts:
            problems.append(f"{name} v{version}: the kind vanished; a released kind stays, its messages may still wait")
            continue
        kind = contracts.kind(name)
        if version > kind.schema:
            problems.append(f"{name} v{version}: was released, but the code is back at v{kind.schema}")
        elif version == kind.schema:
            problems.extend(breaking_changes(schema, schema_of(kind)))
    return problems
