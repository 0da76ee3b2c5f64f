"""A line that counts the seconds of long work: on a terminal only, and only once the work is long."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from symbptt.cli.output import quiet

DELAY = 2.0
"""Seconds of silence before the line appears."""
TICK = 0.5


@contextmanager
def progress(what: str | Callable[[], str]) -> Iterator[None]:
    """Show `what`, a text or one that changes, and the seconds gone by on standard error while the block runs.

    Nothing in a pipe or with --quiet.
    """
    if quiet() or not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    ticker = threading.Thread(target=_tick, args=(what, done), daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()


def _tick(what: str | Callable[[], str], done: threading.Event) -> None:
    start = time.monotonic()
    if done.wait(DELAY):
        return
    while not done.wait(TICK):
        sys.stderr.write(f"\r{what if isinstance(what, str) else what()} ... {time.monotonic() - start:.0f} s")
        sys.stderr.flush()
    sys.stderr.write("\r\x1b[K")
    sys.stderr.flush()
