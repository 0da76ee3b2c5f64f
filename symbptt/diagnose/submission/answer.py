"""What a function of this process returns for drawn data, or in one sentence why there is nothing to judge."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symbptt.data.values import Data
from symbptt.guard.caught import Caught, told

_GAP = "; does a line still end in ...?"


def _has_gap(function: Callable[..., Any]) -> bool:
    """Whether `...` stands in a function, in the place of a line or as an index."""
    return Ellipsis in getattr(getattr(function, "__code__", None), "co_consts", ())


def answer(function: Callable[..., Any], at: Data, names: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The gradients `names` that `function(parameters, inputs, targets, states)` returns, and a reason if there are none.

    It returns a dict of gradients, or a loss and such a dict; a gradient None is none. Raises nothing that the function raises
    but KeyboardInterrupt.
    """
    called, returned = getattr(function, "__name__", "the function"), None
    with Caught() as caught:
        returned = function(*({name: array.copy() for name, array in group.items()} for group in at.groups))
    if isinstance(caught.error, KeyboardInterrupt):
        raise caught.error
    if caught.error is not None:
        return {}, f"{called} raised {told(caught.error)}{_GAP * _has_gap(function)}"
    found = returned[-1] if isinstance(returned, tuple) and returned else returned
    if not isinstance(found, Mapping):
        return {}, f"{called} must return a dict of gradients by name, not {type(found).__name__}"
    theirs = {name: found[name] for name in names if found.get(name) is not None}
    return theirs, "" if theirs else f"{called} returned none of the gradients {', '.join(names)}"
