"""A folder of recorded answers, served byte for byte.

Which request a file answers is told, in this order, by

1. `requests.json` in the folder, when there is one: a list (or an object with a list under "requests") of
   {"file": "a.json", "path": "/series/1/extended", "method": "GET", "query": {"page": "0"} or "page=0",
    "status": 200, "content_type": "application/json", "headers": {}}; all but file and path may be left out, and
   `path` may carry the query itself;
2. the upstream's own reading of the file's name and content (`Reader`; TVDB's is `tvdb.recorded`).

A request is matched on method and path, then on the parameters that choose *which* records come back (page,
query, season and the like): those must agree. Parameters that only choose how much of a record is shown may
differ; of several recordings the one that agrees in most of them is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INDEX = "requests.json"

CHOOSING = {"page": "0", "offset": "0", "query": "", "q": "", "season": "", "episodeNumber": "", "airDate": ""}
"""Parameters that choose which records come back, with the value that leaving them out stands for."""


@dataclass(frozen=True)
class Recording:
    """One recorded answer and the request it belongs to. `path` is without the upstream's prefix."""

    file: Path
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def agreement(self, query: Mapping[str, str]) -> int | None:
        """Return how well it fits a request's query, higher is better; None when it answers another question.

        A recorded 400 is about the parameters themselves, so it answers those and no others.
        """
        if self.status == HTTPStatus.BAD_REQUEST and self.query != query:
            return None
        for name, unsaid in CHOOSING.items():
            if self.query.get(name, unsaid).casefold() != query.get(name, unsaid).casefold():
                return None
        names = self.query.keys() | query.keys()
        return sum(1 if self.query.get(name) == query.get(name) else -1 for name in names)


class Reader(Protocol):
    """An upstream's way to tell what a recorded file answers."""

    def __call__(self, name: str, content: bytes) -> Sequence[tuple[str, str, Mapping[str, str], int]]:
        """Return (method, path, query, status) for each request it answers, none when it cannot tell."""


class Recordings:
    """The recordings of one upstream. Reads the folder when made; raises OSError or ValueError when it cannot."""

    def __init__(self, folder: Path, read: Reader) -> None:
        indexed = list(_indexed(folder))
        known = {recording.file for recording in indexed}
        found: list[Recording] = []
        unread: list[str] = []
        for file in sorted(folder.iterdir()):
            if not file.is_file() or file.name == INDEX or file.name.startswith(".") or file in known:
                continue
            answers = read(file.name, file.read_bytes())
            found += [Recording(file, path, query, method, status) for method, path, query, status in answers]
            if not answers:
                unread.append(file.name)
        self.all = (*indexed, *found)
        self.unread = tuple(unread)
        self._by_path: dict[tuple[str, str], list[Recording]] = {}
        for recording in self.all:
            self._by_path.setdefault((recording.method, recording.path), []).append(recording)

    def find(self, method: str, path: str, query: Mapping[str, str]) -> Recording | None:
        """Return the recording that answers a request best; of equals the indexed one, then the first by name."""
        best: tuple[int, Recording] | None = None
        for recording in self._by_path.get((method, path.rstrip("/")), ()):
            score = recording.agreement(query)
            if score is not None and (best is None or score > best[0]):
                best = (score, recording)
        return best[1] if best else None


def _indexed(folder: Path) -> Iterator[Recording]:
    index = folder / INDEX
    if not index.exists():
        return
    listed: Any = json.loads(index.read_bytes())
    rows = listed["requests"] if isinstance(listed, dict) else listed
    for row in rows:
        file = folder / row["file"]
        if not file.is_file():
            raise ValueError(f"{index}: there is no {row['file']}")
        split = urlsplit(row["path"])
        query = row.get("query") or {}
        if isinstance(query, str):
            query = dict(parse_qsl(query.lstrip("?"), keep_blank_values=True))
        yield Recording(
            file=file,
            path="/" + split.path.strip("/"),
            query={**dict(parse_qsl(split.query, keep_blank_values=True)), **{k: str(v) for k, v in query.items()}},
            method=str(row.get("method", "GET")).upper(),
            status=int(row.get("status", 200)),
            content_type=str(row.get("content_type", "application/json")),
            headers={str(k): str(v) for k, v in row.get("headers", {}).items()},
        )
