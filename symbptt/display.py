"""How values show themselves, without knowing how they look.

A value that is mathematics inherits from `Formula`, a table of numbers or code from `Printed`. What they look like is known on
the top floor (notebook.py), which `symbptt/__init__.py` hands in here; so no stage imports the one that typesets it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol


class Display(Protocol):
    """What writes any value of the package."""

    def html(self, value: Any) -> str:
        """HTML for a notebook."""

    def latex(self, value: Any) -> str:
        """LaTeX between dollars, empty where there is nothing to show."""

    def text(self, value: Any) -> str:
        """Text for a terminal."""


_provided: list[Callable[[], Display]] = []


def provide(load: Callable[[], Display]) -> None:
    """Say where the display comes from; it is loaded when a value is first shown."""
    _provided[:] = [load]
    _display.cache_clear()


@cache
def _display() -> Display:
    return _provided[0]()


class Shown:
    """Base of values that a notebook shows."""

    def _repr_html_(self) -> str:
        return _display().html(self)


class Printed(Shown):
    """Base of values that are text: tables of numbers, code."""

    def __str__(self) -> str:
        return _display().text(self)


class Summarised:
    """Base of values whose `repr` is one line; dataclasses that inherit from it are made with repr=False."""

    def _summary_(self) -> str:
        """What tells this value from others of its type."""
        raise NotImplementedError(type(self).__name__)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._summary_()}>"


class Formula(Printed):
    """Base of values that are mathematics: `str` and a notebook show it."""

    def _repr_latex_(self) -> str:
        return _display().latex(self)


def counted(number: int, noun: str) -> str:
    """1 term, 2 terms."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
