"""Workers kept warm: each answers one request at a time, within the seconds of its task; one that must be ended is replaced."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from symbptt.web.limits import LIMITS, WARM_UP, Limit, refused

_ROOT = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.insert(0, {root!r}); from symbptt.web.worker import main; main()"
_LINE = 64 << 20
"""The longest answer in bytes."""
MOST_WAITING = 256
"""Requests that may wait for a worker; one more is refused."""
PATIENCE = 1.0
"""Seconds that a short task may go on when nobody waits for it any longer: ending the process costs more."""
BUSY = "too many requests are waiting; try again in a moment"
FAILED = "symbptt itself failed at this request; the terminal of symbptt serve says where"


class Worker:
    """A process and the pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls) -> Worker:
        """A new worker."""
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        return cls(await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", _START.format(root=_ROOT), stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, limit=_LINE, env={**os.environ, **threads}, start_new_session=True,
        ))

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer; None if the process has ended instead."""
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
        except (ConnectionError, ValueError):
            return None
        return dict(json.loads(line)) if line.endswith(b"\n") else None

    async def end(self) -> None:
        """End the process; one that is told so ends its guarded process first."""
        for stop in (self._process.terminate, self._process.kill):
            with suppress(ProcessLookupError):
                stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 1)
                return


class Pool:
    """A number of workers, of which long tasks leave one free for the others."""

    def __init__(self, size: int) -> None:
        self._size = max(2, size)
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._long = asyncio.Semaphore(self._size - 1)
        self._every: set[Worker] = set()
        self._waiting = 0
        self._beside: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin to start the workers, one after the other so that the first is there soon; requests wait for it."""
        self._later(self._all())

    async def _all(self) -> None:
        for _ in range(self._size):
            await self._fresh()

    async def close(self) -> None:
        """End all workers."""
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*(worker.end() for worker in self._every))

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request, or why there is none: too long, too many, or a failure of symbptt's own.

        If the caller no longer waits (is cancelled), a long task is ended at once.
        """
        name = request.get("task")
        limit = LIMITS.get(name) if isinstance(name, str) else None
        if limit is None:
            return refused("unknown task")
        if self._waiting >= MOST_WAITING:
            return refused(BUSY)
        self._waiting += 1
        try:
            if not limit.long:
                return await self._answered(request, limit)
            async with self._long:
                return await self._answered(request, limit)
        finally:
            self._waiting -= 1

    async def _answered(self, request: Mapping[str, Any], limit: Limit) -> dict[str, Any]:
        worker = await self._idle.get()
        asked = asyncio.ensure_future(worker.ask(request))
        try:
            told = await asyncio.wait_for(asyncio.shield(asked), limit.seconds)
        except TimeoutError:
            self._later(self._replaced(worker, asked, 0))
            return refused(f"this took longer than {limit.seconds:g} s and was stopped; fewer steps or a smaller model take less")
        except asyncio.CancelledError:
            self._later(self._replaced(worker, asked, 0 if limit.long else PATIENCE))
            raise
        if told is None:
            self._later(self._replaced(worker, asked, 0))
            return refused(FAILED)
        self._idle.put_nowait(worker)
        return told

    async def _replaced(self, worker: Worker, asked: asyncio.Future[dict[str, Any] | None], patience: float) -> None:
        """Have a worker back that still answers within some seconds, or else a new one in its place."""
        with suppress(TimeoutError):
            if await asyncio.wait_for(asyncio.shield(asked), patience) is not None:
                self._idle.put_nowait(worker)
                return
        self._every.discard(worker)
        await worker.end()
        await self._fresh()

    async def _fresh(self) -> None:
        """Start a worker that answers its first request as quickly as the next ones."""
        worker = await Worker.started()
        self._every.add(worker)
        await worker.ask(WARM_UP)
        self._idle.put_nowait(worker)

    def _later(self, work: Any) -> None:
        """Let work go on beside the requests."""
        task = asyncio.ensure_future(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
