"""One door to pyHanko, which is asyncio inside.

Under gevent monkey-patching, concurrent `asyncio.run` in greenlets fails ("running event loop"), and a signature costs
20-300 ms of CPU. The web layer therefore calls `set_runner(gevent.get_hub().threadpool.apply)` once at start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
Runner = Callable[[Callable[[], Any]], Any]


def _here(work: Callable[[], Any]) -> Any:
    return work()


_runner: Runner = _here


def set_runner(runner: Runner | None) -> None:
    """`runner(work)` must call `work()` in a real thread and return its result; None = in the calling thread."""
    global _runner
    _runner = runner or _here


def run_blocking(work: Callable[[], T]) -> T:
    """Everything that takes over 10 ms of CPU goes through here."""
    result: T = _runner(work)
    return result


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a pyHanko coroutine to its end; only inside work given to `run_blocking`.

    Where the calling thread already runs somebody else's loop (a browser driver in tests), in a thread of its own.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
