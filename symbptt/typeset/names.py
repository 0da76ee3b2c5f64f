"""From the name of a variable to letters: W_xh is a W with the subscript xh, delta a δ, y_hat a y with a hat."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.pieces import commas
from symbptt.typeset.tree import Accent, Fenced, Identifier, Number, Row, Script, Style, Tree, rebuilt

_ACCENTS = ("hat", "tilde")
_MAX_ITALIC = 2  # a longer subscript is a word, not letters side by side
_PARTS = re.compile(r"[^\W\d_]+|[0-9]+|[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Label:
    """How a variable is written without its step: a base and subscripts."""

    base: Tree
    subs: tuple[Tree, ...] = ()
    sup: Tree | None = None

    def plain(self) -> Tree:
        """Without a step."""
        return Script(self.base, commas(self.subs) if self.subs else None, self.sup) if self.subs or self.sup else self.base

    def at(self, step: Tree, time: str) -> Tree:
        """With its step, in a place of the table `TIMES`."""
        return TIMES[time](self, step)


def _raised(left: str) -> Callable[[Label, Tree], Tree]:
    def place(label: Label, step: Tree) -> Tree:
        index = Fenced(step, left)
        return replace(label, sup=index if label.sup is None else Row((label.sup, index))).plain()

    return place


TIMES: dict[str, Callable[[Label, Tree], Tree]] = {
    "subscript": lambda label, step: replace(label, subs=(*label.subs, step)).plain(),
    "superscript": _raised("("),
    "angle": _raised("⟨"),
    "argument": lambda label, step: Row((label.plain(), Fenced(step))),
}
"""How a step stands at a name: as a further subscript, as a superscript in parentheses or angles, or as an argument."""


def from_tree(tree: Tree) -> Label:
    """A label from a tree, with its scripts taken apart so that a step can join them."""
    if isinstance(tree, Script):
        return Label(tree.base, (tree.sub,) if tree.sub else (), tree.sup)
    return Label(tree)


def _letters(text: str, style: Style) -> Identifier:
    letter = LETTERS.get(text, text)
    upright = Style.UPRIGHT if style is Style.ITALIC else style
    return Identifier(letter, style if len(letter) == 1 else upright)


def _subscript(text: str) -> Tree:
    parts: list[Tree] = []
    for part in _PARTS.findall(text):
        if part.isascii() and part.isdigit():
            parts.append(Number(part))
        elif (part in LETTERS and len(part) > 2) or len(part) > _MAX_ITALIC:  # W_xi is from x to i, not a ξ
            parts.append(_letters(part, Style.ITALIC))
        else:
            parts.append(Identifier(part))
    return parts[0] if len(parts) == 1 else Row(tuple(parts))


def label(name: str, bold: bool) -> Label:
    """The label of a name; bold for vectors and matrices, italic for scalars."""
    style = Style.BOLD if bold else Style.ITALIC
    first, *rest = [part for part in name.split("_") if part] or [name]
    head = _PARTS.findall(first)
    if len(head) == 2 and head[1].isdigit():
        first, rest = head[0], [head[1], *rest]
    base: Tree = _letters(first, style)
    if rest and rest[0] in _ACCENTS:
        base = Accent(base, rest.pop(0))
    return Label(base, tuple(_subscript(part) for part in rest))


def whole(name: str, bold: bool) -> Label:
    """The label that keeps the name as it is; for names that would otherwise look like another's."""
    return Label(Identifier(name, Style.BOLD if bold else Style.UPRIGHT))


def unbold(tree: Tree) -> Tree:
    """The tree with bold letters made italic and bold words upright, for a name that serves as a subscript."""
    if isinstance(tree, Identifier) and tree.style is Style.BOLD:
        return Identifier(tree.text, Style.ITALIC if len(tree.text) == 1 else Style.UPRIGHT)
    return rebuilt(tree, unbold)
