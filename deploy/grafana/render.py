"""`python -m deploy.grafana.render BOARD --prometheus URL --to FILE`: a dashboard as one HTML page, without Grafana.

The queries are those of the committed JSON, the data what a Prometheus answers. The look is ours, not Grafana's.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import httpx

from deploy.grafana import boards, drawing, reading
from deploy.grafana.drawing import Answer
from deploy.grafana.reading import Board, Panel
from deploy.prometheus.asking import Prometheus, QueryFailed, Series

POINTS = 240
"""Values of one line."""


def rendered(board: Board, prometheus: Prometheus, start: float, end: float) -> str:
    """Return a dashboard's page from `start` to `end` in Unix seconds; raises what `Prometheus` does."""
    answers = [_answers(panel, prometheus, start, end) for panel in board.panels]
    return drawing.page(board, answers, start, end)


def _answers(panel: Panel, prometheus: Prometheus, start: float, end: float) -> dict[str, Answer]:
    told = {}
    for query in panel.queries:
        series: list[Series]
        if query.instant:
            series = prometheus.now(query.expr)
        else:
            series = prometheus.course(query.expr, start, end, max(1.0, (end - start) / POINTS))
        told[query.ref] = Answer(query.legend, series)
    return told


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and write the page; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.render", description=__doc__)
    parser.add_argument("board", choices=sorted(file.stem for file in boards.FOLDER.glob("*.json")))
    parser.add_argument("--prometheus", required=True, metavar="URL", help="where Prometheus answers")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the page that is written")
    parser.add_argument("--minutes", type=float, default=30, help="how far to look back (default: %(default)g)")
    parser.add_argument("--window", default="1m", help="time that rates are taken of (default: %(default)s)")
    parser.add_argument("--queue", default="content", help="the pool, on the dashboard of one (default: %(default)s)")
    told = parser.parse_args(arguments)
    board = reading.read(boards.FOLDER / f"{told.board}.json", {"queue": told.queue}, window=told.window)
    end = time.time()
    try:
        with httpx.Client(base_url=told.prometheus, timeout=30) as client:
            told.to.write_text(rendered(board, Prometheus(client), end - told.minutes * 60, end))
    except (QueryFailed, httpx.HTTPError) as error:
        print(f"{told.prometheus}: {error}", file=sys.stderr)
        return 1
    print(told.to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
