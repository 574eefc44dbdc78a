"""Several processes that replay sessions side by side, or this one alone where there is little to do."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from scheduler.reports.replayer import Replayer, Scene

Job = TypeVar("Job")
Answer = TypeVar("Answer")

ALONE_BELOW = 300
"""Sessions. A process takes about as long to begin as a hundred sessions take."""

CHUNK = 40
_at_work: list[Replayer] = []
"""In a process of the crew: its own replayer."""


class Crew:
    """Replayers of one scene. A context: leaving it ends the processes."""

    def __init__(self, scene: Scene, workers: int | None = None) -> None:
        """*workers*: how many processes; None takes one per processor, and none at all for a few sessions."""
        if workers is None:
            workers = 1 if len(scene.replay.sessions) < ALONE_BELOW else os.cpu_count() or 1
        self._alone = Replayer(scene) if workers <= 1 else None
        self._pool = None
        if self._alone is None:
            # Not forked: a progress bar's thread may hold a lock that its copy would wait for.
            processes = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, processes, initializer=_begin, initargs=(scene,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def answers(self, work: Callable[[Replayer, Job], Answer], jobs: Sequence[Job]) -> Iterator[Answer]:
        """Yield the answer to each job, in the jobs' order."""
        if self._pool is None:
            assert self._alone is not None
            for job in jobs:
                yield work(self._alone, job)
        else:
            yield from self._pool.map(partial(_asked, work), jobs, chunksize=CHUNK)


def _begin(scene: Scene) -> None:
    _at_work[:] = [Replayer(scene)]


def _asked(work: Callable[[Replayer, Job], Answer], job: Job) -> Answer:
    return work(_at_work[0], job)
