"""A limit in seconds of processor time for work that nobody can ask to stop, where the system has such a timer."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_HAS_TIMER = hasattr(signal, "setitimer")


class OutOfTime(BaseException):
    """The work has used up its seconds; no net for ordinary errors catches it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block once it has used so much processor time; the block's own children do not count.

    Without a limit outside the main thread and on systems without such a timer. Blocks do not nest.
    """
    if not _HAS_TIMER or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        raise OutOfTime(f"more than {seconds:g} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    # The second signal is for work that swallowed the first, as in a destructor or a callback.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
