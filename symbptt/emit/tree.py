"""Expressions of emitted code as values, which each target prints in its own words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

COMPARED, ADD, TIMES, POWER, ATOM = range(-1, 4)
"""How strongly an expression binds."""


@dataclass(frozen=True)
class Words:
    """What calls are called: in `library`, unless `spelled` has a format for their arguments."""

    library: str = "np"
    spelled: Mapping[str, str] = field(default_factory=dict)


NUMPY = Words(spelled={
    "zeros": "np.zeros({})", "full": "np.full({}, {}, dtype)", "eye": "np.eye({})", "tri": "np.tri({0}, {0}, {1}, dtype)",
    "of_dtype": "{}.astype(dtype)",
})


class Tree(ABC):
    """An expression."""

    strength: int = ATOM
    """How strongly it binds."""

    @abstractmethod
    def written(self, words: Words) -> str:
        """Its text."""

    def at(self, least: int, words: Words = NUMPY) -> str:
        """Its text, parenthesised if it binds less than `least`."""
        text = self.written(words)
        return text if self.strength >= least else f"({text})"

    def bound(self, least: int) -> Tree:
        """The expression, in parentheses if it binds less than `least`."""
        return self if self.strength >= least else Items((self,))

    def __neg__(self) -> Tree:
        return Sum((self,), (True,))

    def __mul__(self, other: Tree) -> Tree:
        return Infix("*", self, other)

    def __truediv__(self, other: Tree) -> Tree:
        return Infix("/", self, other)

    def __matmul__(self, other: Tree) -> Tree:
        return Infix("@", self, other)

    def __pow__(self, other: Tree) -> Tree:
        return Infix("**", self, other)

    def __getitem__(self, index: str) -> Tree:
        return Postfix(self, f"[{index}]")

    def then(self, text: str) -> Tree:
        """An attribute, a method or an index of it."""
        return Postfix(self, text) if text else self


@dataclass(frozen=True)
class Word(Tree):
    """A name, a number, or the place where a value is kept."""

    text: str

    def written(self, words: Words) -> str:
        return self.text


@dataclass(frozen=True)
class Postfix(Tree):
    """An attribute, a method or an index of a value."""

    inner: Tree
    text: str

    def written(self, words: Words) -> str:
        return self.inner.at(ATOM, words) + self.text


@dataclass(frozen=True)
class Call(Tree):
    """A call of the library, or (`own`) of a function that the module defines."""

    function: str
    arguments: tuple[Tree, ...]
    own: bool = False

    def written(self, words: Words) -> str:
        texts = [a.written(words) for a in self.arguments]
        if self.function in words.spelled:
            return words.spelled[self.function].format(*texts)
        return f"{'' if self.own else words.library + '.'}{self.function}({', '.join(texts)})"


@dataclass(frozen=True)
class Items(Tree):
    """A tuple of several; one is an expression in parentheses."""

    items: tuple[Tree, ...]

    def written(self, words: Words) -> str:
        return f"({', '.join(item.written(words) for item in self.items)})"


@dataclass(frozen=True)
class Infix(Tree):
    """An operation between two values."""

    sign: str
    left: Tree
    right: Tree

    SIDES: ClassVar = {"**": (POWER, ATOM, ATOM), **dict.fromkeys("*/@", (TIMES, TIMES, POWER))}
    """How strongly an operation binds, and what its sides must; that of a comparison by default."""

    @property
    def strength(self) -> int:  # type: ignore[override]
        return Infix.SIDES.get(self.sign, (COMPARED,))[0]

    def written(self, words: Words) -> str:
        _, left, right = Infix.SIDES.get(self.sign, (COMPARED, ADD, ADD))
        return f"{self.left.at(left, words)} {self.sign} {self.right.at(right, words)}"


@dataclass(frozen=True)
class Sum(Tree):
    """Terms, those of `minus` subtracted."""

    terms: tuple[Tree, ...]
    minus: tuple[bool, ...]
    strength = ADD

    def written(self, words: Words) -> str:
        signs = ["-" if self.minus[0] else "", *(" - " if minus else " + " for minus in self.minus[1:])]
        return "".join(sign + term.at(TIMES, words) for sign, term in zip(signs, self.terms, strict=True))


def added(*parts: Tree) -> Tree:
    """The sum of expressions, without parentheses around sums."""
    sums = [part if isinstance(part, Sum) else Sum((part,), (False,)) for part in parts]
    return parts[0] if len(parts) == 1 else Sum(sum((s.terms for s in sums), ()), sum((s.minus for s in sums), ()))


def call(function: str, *arguments: Tree | str) -> Call:
    """A call of the library; texts stand for themselves."""
    return Call(function, _words(arguments))


def helper(function: str, *arguments: Tree | str) -> Call:
    """A call of a function that the module defines."""
    return Call(function, _words(arguments), own=True)


def _words(arguments: tuple[Tree | str, ...]) -> tuple[Tree, ...]:
    return tuple(Word(a) if isinstance(a, str) else a for a in arguments)
