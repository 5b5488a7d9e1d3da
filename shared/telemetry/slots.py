"""Where the processes of a pool count: in files named by the process's place in its pool, not by its id.

`prometheus_client` keeps the counters of each process in memory-mapped files that outlive it, so that sums never fall.
Named by process ids there would be more of them with every process that ends. A process that takes the place of a dead
one goes on with its files instead: their number is bounded by the pool's size, and no count is lost.
Billiard gives a place away only after the process that had it was waited for (`Pool._join_exited_workers`, then
`Pool._avail_index`), so no two processes ever write to the same file.
"""

from __future__ import annotations

import os

from prometheus_client import values

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that says where the files are; without it a process counts for itself, in its memory."""


def count_by_slot() -> None:
    """Let metrics that are declared from now on count by place, in a process that belongs to a pool."""
    if FOLDER not in os.environ:
        return
    from billiard.process import current_process  # noqa: PLC0415 - only pools need it, and an API starts sooner without

    def slot() -> str:
        index = getattr(current_process(), "index", None)
        return "parent" if index is None else f"slot{index}"

    values.ValueClass = values.MultiProcessValue(process_identifier=slot)  # type: ignore[no-untyped-call]
