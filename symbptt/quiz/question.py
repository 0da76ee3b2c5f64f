"""What a question is, before any format: words, formulas and pictures, and what answers it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from symbptt import typeset
from symbptt.draw.scene import Scene
from symbptt.narrative.inline import Prose, plain
from symbptt.typeset.tree import Tree


@dataclass(frozen=True)
class Formulas:
    """Formulas in lines of their own."""

    lines: tuple[Tree, ...]


@dataclass(frozen=True)
class Picture:
    """A drawing with its title."""

    scene: Scene
    title: str


Part = Prose | Formulas | Picture
Body = tuple[Part, ...]
Numbers = tuple[float, ...]
"""What something is worth at the values at which it was evaluated, None where its shapes do not fit."""


@dataclass(frozen=True)
class Option:
    """An answer to choose; `worth` are its numbers, by which it was compared with the others."""

    content: Prose
    right: bool
    feedback: Prose = ()
    worth: Numbers | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question. `about` are the equations that it is about: no other question of a quiz is about one of them.

    `secrets` are formulas or numbers that no other question may show.
    """

    kind: str
    title: Prose
    body: Body
    about: frozenset[str] = frozenset()
    secrets: tuple[Tree | str, ...] = ()

    def proses(self) -> Iterator[Prose]:
        """All that is read beside the body."""
        return iter(())

    @cached_property
    def shown(self) -> str:
        """All that somebody reads who works on it, in TeX."""
        return "\n".join([tex(self.title), *map(tex, self.proses()), *(text for part in self.body for text in _read(part))])

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """The answers that no other question may show, in TeX."""
        return tuple(secret if isinstance(secret, str) else typeset.latex(secret) for secret in self.secrets)


@dataclass(frozen=True, kw_only=True)
class Numerical(Question):
    """A number within a tolerance; `wrong` are numbers that mistakes give, with what is said of them."""

    answer: float
    tolerance: float
    wrong: tuple[tuple[float, Prose], ...] = ()

    def proses(self) -> Iterator[Prose]:
        return (said for _, said in self.wrong)


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """One right option among several."""

    options: tuple[Option, ...]

    def proses(self) -> Iterator[Prose]:
        return (said for option in self.options for said in (option.content, option.feedback))


@dataclass(frozen=True, kw_only=True)
class Ordering(Question):
    """Lines in their right order."""

    lines: tuple[Prose, ...]

    def proses(self) -> Iterator[Prose]:
        return iter(self.lines)


@dataclass(frozen=True, kw_only=True)
class Cloze(Question):
    """Gaps, each with a label and its options."""

    gaps: tuple[tuple[str, tuple[Option, ...]], ...]

    def proses(self) -> Iterator[Prose]:
        return (said for _, options in self.gaps for option in options for said in (option.content, option.feedback))


@dataclass(frozen=True, kw_only=True)
class Matching(Question):
    """Formulas and the lines of code that belong to them."""

    pairs: tuple[tuple[Prose, str], ...]

    def proses(self) -> Iterator[Prose]:
        return (part for formula, code in self.pairs for part in (formula, (code,)))


def tex(prose: Prose) -> str:
    """Words, with formulas in TeX between \\( and \\)."""
    return plain(prose, lambda tree: rf"\({typeset.latex(tree)}\)")


def _read(part: Part) -> Iterator[str]:
    """What is read in a part of the body, a picture's labels too."""
    if isinstance(part, Formulas):
        yield from map(typeset.latex, part.lines)
    elif isinstance(part, Picture):
        yield from (typeset.latex(arrow.label) for arrow in part.scene.arrows if arrow.label is not None)
    else:
        yield tex(part)


def clash(one: Question, other: Question) -> bool:
    """Whether two questions are about the same, or one shows what answers the other."""
    if one.about & other.about or one.body == other.body:
        return True
    return any(secret in b.shown for a, b in ((one, other), (other, one)) for secret in a.hidden)
