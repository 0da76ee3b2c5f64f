"""A budget of processor time: what was not reached in it is left out."""

import time


class Clock:
    """Processor seconds that are left; looked at every so many times, since asking may cost more than what is tried."""

    def __init__(self, seconds: float, every: int = 1) -> None:
        self._end = time.process_time() + seconds
        self._every, self._asked, self._over = every, 0, False

    @property
    def over(self) -> bool:
        """Whether the time is spent."""
        self._asked += 1
        if self._asked % self._every == 0:
            self._over = time.process_time() >= self._end
        return self._over

    def cut(self, seconds: float) -> None:
        """Leave at most so many seconds."""
        self._end = min(self._end, time.process_time() + seconds)
