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

    def call(self, function: str, own: bool, arguments: tuple[str, ...]) -> str:
        """The text of a call; `own` tells that the module defines the function itself."""
        form = self.spelled.get(function)
        if form is not None:
            return form.format(*arguments)
        return f"{'' if own else self.library + '.'}{function}({', '.join(arguments)})"


NUMPY = Words(spelled={
    "zeros": "np.zeros({})", "full": "np.full({}, {}, dtype)", "eye": "np.eye({})", "tri": "np.tri({0}, {0}, {1}, dtype)",
    "of_dtype": "{}.astype(dtype)",
})


class Tree(ABC):
    """An expression."""

    @property
    def strength(self) -> int:
        """How strongly it binds."""
        return ATOM

    @abstractmethod
    def written(self, words: Words) -> str:
        """Its text."""

    def at(self, least: int, words: Words = NUMPY) -> str:
        """Its text, parenthesised if it binds less than `least`."""
        text = self.written(words)
        return text if self.strength >= least else f"({text})"

    def bound(self, least: int) -> Tree:
        """The expression, in parentheses if it binds less than `least`."""
        return self if self.strength >= least else Grouped(self)

    def __neg__(self) -> Tree:
        return Negative(self)

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
class Grouped(Tree):
    """Parentheses."""

    inner: Tree

    def written(self, words: Words) -> str:
        return f"({self.inner.written(words)})"


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
        return words.call(self.function, self.own, tuple(a.written(words) for a in self.arguments))


@dataclass(frozen=True)
class Items(Tree):
    """A tuple of several."""

    items: tuple[Tree, ...]

    def written(self, words: Words) -> str:
        return f"({', '.join(item.written(words) for item in self.items)})"


@dataclass(frozen=True)
class Negative(Tree):
    """The opposite."""

    inner: Tree

    @property
    def strength(self) -> int:
        return ADD

    def written(self, words: Words) -> str:
        return "-" + self.inner.at(TIMES, words)


@dataclass(frozen=True)
class Infix(Tree):
    """An operation between two values."""

    sign: str
    left: Tree
    right: Tree

    SIDES: ClassVar = {"**": (POWER, ATOM, ATOM), **dict.fromkeys("*/@", (TIMES, TIMES, POWER))}
    """How strongly an operation binds, and what its sides must; that of a comparison by default."""

    @property
    def strength(self) -> int:
        return self._sides[0]

    @property
    def _sides(self) -> tuple[int, int, int]:
        return Infix.SIDES.get(self.sign, (COMPARED, ADD, ADD))

    def written(self, words: Words) -> str:
        _, left, right = self._sides
        return f"{self.left.at(left, words)} {self.sign} {self.right.at(right, words)}"


@dataclass(frozen=True)
class Sum(Tree):
    """Terms, those of `minus` subtracted."""

    terms: tuple[Tree, ...]
    minus: tuple[bool, ...]

    @property
    def strength(self) -> int:
        return ADD

    def written(self, words: Words) -> str:
        signs = ["-" if self.minus[0] else "", *(" - " if minus else " + " for minus in self.minus[1:])]
        return "".join(sign + term.at(TIMES, words) for sign, term in zip(signs, self.terms, strict=True))


def added(*parts: Tree) -> Tree:
    """The sum of expressions, without parentheses around sums."""
    signed: list[tuple[Tree, bool]] = []
    for part in parts:
        if isinstance(part, Sum):
            signed += zip(part.terms, part.minus, strict=True)
        else:
            signed.append((part.inner, True) if isinstance(part, Negative) else (part, False))
    return parts[0] if len(parts) == 1 else Sum(tuple(term for term, _ in signed), tuple(minus for _, minus in signed))


def call(function: str, *arguments: Tree | str) -> Call:
    """A call of the library; texts stand for themselves."""
    return Call(function, _words(arguments))


def helper(function: str, *arguments: Tree | str) -> Call:
    """A call of a function that the module defines."""
    return Call(function, _words(arguments), own=True)


def _words(arguments: tuple[Tree | str, ...]) -> tuple[Tree, ...]:
    return tuple(Word(a) if isinstance(a, str) else a for a in arguments)
