"""Where a function runs: behind the guard, in one process for all its plans, or in this process where the caller says so."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.autodiff import libraries
from symbptt.diagnose.autodiff.answering import Called, taken
from symbptt.diagnose.submission import guarded
from symbptt.errors import BadInput
from symbptt.guard import door

_CHILD = Path(__file__).with_name("child.py")
Orders = Sequence[Mapping[str, Any]]


def limits(seconds: float = 120.0) -> door.Limits:
    """Libraries take seconds to import, and reserve much memory that they never touch."""
    return door.Limits(seconds=seconds, memory=16 * 2**30)


@dataclass(frozen=True)
class Facts:
    """What a function takes: its library, "" if it has none, its file, its arguments, those that must be given, and whether it
    takes any more by place."""

    library: str
    file: str
    arguments: tuple[str, ...]
    required: frozenset[str]
    open: bool


class Runner(Protocol):
    """Carries out orders; `name` is the function's in reports, `protections` say what it runs behind, "" for nothing."""

    name: str
    facts: Facts
    protections: str

    def run(self, orders: Orders, arrays: Mapping[str, Array]) -> guarded.Run:
        """An answer for each order, as far as it comes."""


@dataclass
class Guarded:
    """A function of a package, behind the guard."""

    name: str
    facts: Facts
    opened: door.Door
    protections: str
    ended: str = ""

    def run(self, orders: Orders, arrays: Mapping[str, Array]) -> guarded.Run:
        answers: tuple[guarded.Answer, ...] = ()
        if not self.ended:
            answers, self.ended = guarded.answers(self.opened, {"plans": list(orders), "arrays": dict(arrays)})
        return guarded.Run(answers, self.ended, "", (), self.protections)


@contextmanager
def opened(target: str, paths: Sequence[str], library: str, allowed: door.Limits, closing: list[str]) -> Iterator[Guarded]:
    """The function package.module:Name, found with further paths; `closing` is filled with notes when the process has ended.

    Raises BadInput if it cannot be found or is none.
    """
    module, _, name = target.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        raise BadInput(f"--function {target}: expected package.module:Name")
    orders = {"module": module, "name": name, "library": library, "paths": [str(Path(p).resolve()) for p in paths]}
    with door.opened(_CHILD, allowed) as made:
        try:
            told = made.ask(orders)
        except door.Ended as end:
            raise BadInput(f"--function {target}: {end}") from None
        if "fault" in told:
            raise BadInput(f"--function {target}: {told['fault']}")
        yield Guarded(target, _facts(told, target), made, made.force.words)
    if made.printed:
        closing.append(f"{target} printed, which is not shown: {made.printed[:60]}")
    if made.files:
        closing.append(f"{target} wrote files, which are thrown away: {', '.join(made.files[:3])}")


def _facts(told: Mapping[str, Any], target: str) -> Facts:
    library = str(told["library"])
    if " " in library:
        raise BadInput(f'{target} could be of {library.replace(" ", " or ")}: say which in a mapping, as library = "torch"')
    return Facts(library, str(told["file"]), tuple(told["arguments"]), frozenset(told["required"]), bool(told["open"]))


@dataclass
class Local:
    """A function in this process: the caller's own."""

    name: str
    facts: Facts
    called: Called
    protections: str = field(default="", init=False)

    @classmethod
    def of(cls, function: Callable[..., Any], library: str = "") -> Local:
        """The function. Raises BadInput if it is of no library whose gradients can be read off."""
        bare = inspect.unwrap(function)
        name = f"{getattr(bare, '__module__', '')}:{getattr(bare, '__qualname__', type(bare).__name__)}"
        chosen = library or libraries.library_of(function)
        if chosen not in libraries.LIBRARIES or chosen not in sys.modules:
            raise BadInput(f"{name}: gradients are read off functions of PyTorch and JAX; the library is one of torch and jax")
        found = libraries.parameters(function)
        facts = _facts({"library": chosen, "file": _file(bare), **taken(found)}, name)
        return cls(name, facts, Called(function, libraries.LIBRARIES[chosen](), found, libraries.is_autograd(function)))

    def run(self, orders: Orders, arrays: Mapping[str, Array]) -> guarded.Run:
        answers = []
        for order in orders:
            try:
                told, kept = self.called.answered(order, arrays)
            except (ValueError, TypeError, LookupError, RuntimeError, AttributeError, ArithmeticError, AssertionError) as error:
                told, kept = {"fault": f"{type(error).__name__}: {error}", "place": ""}, {}
            answers.append(guarded.answer({**told, "refused": [], "skipped": [], "arrays": kept}))
        return guarded.Run(tuple(answers), "", "", (), "")


def _file(function: Any) -> str:
    try:
        return inspect.getsourcefile(function) or ""
    except TypeError:
        return ""
