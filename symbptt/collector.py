"""Building many objects that all stay: the garbage collector would go through them again and again and find nothing."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def rarely() -> None:
    """Let cyclic collection come less often: formulas are many objects that stay, and searching them is a sixth of the time."""
    gc.set_threshold(100_000, 50, 100)


def without_garbage_collection(build: Callable[P, R]) -> Callable[P, R]:
    """A function that runs without cyclic collection, which would make the time of a long result grow faster than its length."""

    @wraps(build)
    def built(*args: P.args, **kwargs: P.kwargs) -> R:
        if not gc.isenabled():
            return build(*args, **kwargs)
        gc.disable()
        try:
            return build(*args, **kwargs)
        finally:
            gc.enable()

    return built
