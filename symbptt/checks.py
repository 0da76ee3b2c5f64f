"""What callers give, brought to the type that is meant: numbers of any integer type, values of the stage before."""

from collections.abc import Mapping
from operator import index
from typing import Any, TypeVar

from symbptt.errors import BadInput

T = TypeVar("T")


def whole(value: object, least: int, most: int | None = None) -> int | None:
    """An integer of any type, NumPy's too, as an int; None for anything else, booleans included, and outside least .. most."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    number = index(value)
    return number if least <= number and (most is None or number <= most) else None


def positive(value: object, name: str) -> int:
    """A positive integer as an int; raises BadInput, which says its `name`, for anything else."""
    number = whole(value, 1)
    if number is None:
        raise BadInput(f"{name} must be a positive whole number, not {value!r}")
    return number


def seed(value: object) -> int:
    """A seed for random numbers as an int; raises BadInput for anything but an integer from 0 on."""
    number = whole(value, 0)
    if number is None:
        raise BadInput(f"the seed must be a whole number from 0 on, not {value!r}")
    return number


def expected(value: Any, kind: type[T], how: str) -> T:
    """The value, if it is of the type `kind`; raises BadInput otherwise, with `how` for what was expected."""
    if not isinstance(value, kind):
        shown = repr(value) if isinstance(value, (str, int, float)) or value is None else f"a {type(value).__name__}"
        raise BadInput(f"expected {how}, not {shown}")
    return value


def group(value: Any, what: str) -> Mapping[str, Any]:
    """Arrays by name as a dict, empty for None; raises BadInput, which calls them `what`, for a bare array and the like."""
    if value is None:
        return {}
    found: Mapping[str, Any] = expected(value, Mapping, f"{what} as a dict of arrays by name")  # type: ignore[type-abstract]
    return found
