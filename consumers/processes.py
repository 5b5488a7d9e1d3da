"""The processes of one pool, which can become more or fewer while they work.

Celery's own way to fewer sends SIGTERM to a process it takes for idle, which may have been handed a message a moment
ago. Here a process that is one too many is given no more work, and then the same word that ends it at a shutdown,
through the same pipe as its messages: whatever it was handed before, it does first, and its connections are closed
properly. It ends without an error, so nobody takes its last message for lost.
"""

from __future__ import annotations

from typing import Any

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool


class Processes(AsynPool):
    """Celery's processes; everything happens in the worker's main loop."""

    _loop: Any = None

    def register_with_event_loop(self, hub: Any) -> None:
        """Note the loop that writes to the processes."""
        self._loop = hub
        super().register_with_event_loop(hub)

    @property
    def starting(self) -> int:
        """How many of the processes there should be are not up yet."""
        up = sum(self._is_up(process) for process in self._staying())
        return max(int(self._processes) - up, 0)

    @property
    def stopping(self) -> int:
        """How many processes there are beyond those there should be: they end when they have finished."""
        return max(len(self._pool) - int(self._processes), 0)

    def resize(self, processes: int) -> None:
        """Have so many processes: idle ones are let go at once, busy ones when they can; new ones are started soon.

        Soon, since starting some takes a while on a busy machine, and whoever told us waits for an answer.
        """
        if processes > self._processes:
            super().grow(processes - self._processes)
        elif processes < self._processes:
            self.shrink(self._processes - processes)
        if self._loop is not None:
            self._loop.call_soon(self.maintain_pool)

    def shrink(self, n: int = 1) -> None:
        """Have `n` processes fewer, as they finish what they do."""
        self._processes -= n
        if self._putlock is not None:
            self._putlock.shrink(n)
        self._let_go()

    def on_job_ready(self, job: Any, i: Any, obj: Any, inqW_fd: int) -> None:  # noqa: N803 - Celery's own name
        """Note that a process has finished; it is let go if it is one too many, before it is given more."""
        super().on_job_ready(job, i, obj, inqW_fd)
        self._let_go()

    def on_process_alive(self, pid: int) -> None:
        """Note that a process is up; there may be one too many by now."""
        super().on_process_alive(pid)
        self._let_go()

    def handed(self) -> list[Any]:
        """Return the jobs that a process has begun with, or has been handed and will do."""
        return [job for job in self._cache.values() if self._was_handed(job)]

    def flush(self) -> None:
        """Let go of what no process was handed yet.

        Celery lets go of what it has no word of from its process. But a process that was handed a message will do it,
        so its acknowledgement is still wanted.
        """
        unheard = [job for job in self.handed() if not job._accepted]  # noqa: SLF001 - billiard's own
        for job in unheard:
            job._accepted = True  # noqa: SLF001
        try:
            super().flush()
        finally:
            for job in unheard:
                job._accepted = False  # noqa: SLF001

    def _was_handed(self, job: Any) -> bool:
        return bool(job._accepted) or (job._write_to is not None and job not in self.outbound_buffer)  # noqa: SLF001

    def _let_go(self) -> None:
        staying = self._staying()
        for process in staying:
            if len(staying) <= self._processes or self._loop is None:
                return
            pipe = process.inqW_fd
            # One that is not up yet says so soon, and is let go then. One that is busy has been given its message
            # already, or is being given it: under Celery's strategy "fair" that is one at a time.
            if not self._is_up(process) or pipe in self._busy_workers or pipe in self._active_writes:
                continue
            process.leaving = True
            self._all_inqueues.discard(pipe)
            self._loop.remove_writer(pipe)
            # The pipe is empty, so this does not block.
            process.inq.put(None)
            staying = [other for other in staying if other is not process]

    def _staying(self) -> list[Any]:
        return [process for process in self._pool if not getattr(process, "leaving", False)]

    def _is_up(self, process: Any) -> bool:
        return self._fileno_to_inq.get(process.inqW_fd) is process


class LinePool(TaskPool):
    """Celery's prefork pool with our processes."""

    Pool = Processes

    told = 0
    """How often a person has told this pool a number of processes."""

    def resize(self, processes: int) -> None:
        """Have so many processes from now on."""
        self._pool.resize(processes)

    @property
    def starting(self) -> int:
        """How many processes are not up yet."""
        return 0 if self._pool is None else int(self._pool.starting)

    @property
    def stopping(self) -> int:
        """How many processes end when they have finished what they do."""
        return 0 if self._pool is None else int(self._pool.stopping)

    def handed(self) -> list[Any]:
        """Return the jobs that a process has begun with, or will."""
        return [] if self._pool is None else self._pool.handed()
