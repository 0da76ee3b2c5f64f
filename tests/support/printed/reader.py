"""Reads printed formulas back: MathML to numbers, by the visible signs alone, with the rules of print.

`mrow` is invisible, so it does not count: a product, a sum or a sign reaches as far as a human reader takes it to reach.
Products of matrices and elementwise products never stand side by side without parentheses.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial, reduce
from xml.etree import ElementTree as ET

import numpy as np

from printed.numbers import (
    CONSTANTS,
    WHOLE,
    Array,
    Eye,
    Ones,
    elementwise,
    entrywise,
    inverse,
    of_choices,
    plus,
    spread,
    times,
    triangle,
    turned,
)
from symbptt.algebra.functions import FUNCTIONS

Key = tuple[str, ...]
Indices = Mapping[str, int]
Atoms = Mapping[Key, Callable[[Indices], Array]]
CLOSING = {"(": ")", "[": "]", "|": "|", "‖": "‖"}
ENDS = frozenset("+−=,:")
ELEMENTWISE = frozenset("⊙∘∗⊘")
EXTREMES = {"max": np.maximum, "min": np.minimum}
COMPARISONS = {"<": np.less, "≤": np.less_equal, ">": np.greater, "≥": np.greater_equal}
TRANSPOSES = frozenset("⊤T′")


def flat(element: ET.Element) -> list[ET.Element]:
    """The visible parts of an element."""
    if element.tag in ("mrow", "math"):
        return [part for child in element for part in flat(child)]
    return [] if element.tag == "mspace" or element.text in ("\u2061", "\u2062") else [element]


def shown(element: ET.Element) -> str:
    """A key for an element as a reader sees it."""
    if element.tag == "mrow":
        return "".join(map(shown, flat(element)))
    return f"<{element.tag}>{element.text or ''}{''.join(map(shown, element))}</>"


def parsed(mathml: str) -> list[ET.Element]:
    """The visible parts of a printed formula."""
    return flat(ET.fromstring(mathml))


class Reader:
    """Evaluates printed formulas.

    `atoms` are the symbols by their look, `signs` those of derivatives, `derivative` gives the value of a fraction of two
    symbols with such signs, `functions` are the names behind the labels of functions. `parts` are the sizes of what may be
    stacked, `sizes` those of dimensions; with `rows` a vector is a row. `heads` are the letter of a head and their number.
    """

    def __init__(
        self, atoms: Atoms, signs: Container[str], derivative: Callable[[tuple[str, str], Key, Key, Indices], Array],
        functions: Mapping[str, str], parts: Sequence[Sequence[int]], sizes: Indices, rows: bool,
        heads: tuple[str, int] = ("", 1),
    ) -> None:
        self.atoms, self.signs, self.derivative, self.functions = atoms, signs, derivative, functions
        self.parts, self.sizes, self.rows = parts, sizes, rows
        self.heads = heads
        self.longest = max(map(len, atoms))

    def joined(self, parts: list[ET.Element], indices: Indices) -> Array:
        """What stands in [ ]ₘ of all heads."""
        letter, number = self.heads
        return np.concatenate([spread(self.value(parts, {**indices, letter: m + 1})) for m in range(number)], int(self.rows))

    def cut(self, whole: Array, indices: Indices) -> Array:
        """The part of a head."""
        letter, number = self.heads
        return np.split(whole, number, int(self.rows))[indices[letter] - 1]

    def value(self, parts: list[ET.Element], indices: Indices) -> Array:
        """The value of a side."""
        state = _State(self, parts, indices)
        found = state.sum()
        assert not state.parts, f"not read: {''.join(map(shown, state.parts))}"
        return found

    def atom(self, parts: list[ET.Element], indices: Indices) -> tuple[Array, int] | None:
        """The longest symbol at the start, and how many parts it takes."""
        looks = [shown(part) for part in parts[: self.longest]]
        for length in range(len(looks), 0, -1):
            found = self.atoms.get(tuple(looks[:length]))
            if found is not None:
                return found(indices), length
        return None


class _State:
    """One pass over the parts of a side."""

    def __init__(self, reader: Reader, parts: list[ET.Element], indices: Indices) -> None:
        self.reader, self.parts, self.indices = reader, list(parts), indices

    def sign(self) -> str:
        return (self.parts[0].text or "") if self.parts and self.parts[0].tag == "mo" else ""

    def take(self) -> ET.Element:
        return self.parts.pop(0)

    def inner(self, parts: list[ET.Element]) -> Array:
        return self.reader.value(parts, self.indices)

    def sum(self) -> Array:
        first = -1 if self.sign() == "−" else 1
        if first < 0:
            self.take()
        value = self.term(first)
        while self.sign() in ("+", "−"):
            sign = 1 if self.take().text == "+" else -1
            value = plus(value, self.term(1), sign)
        return value

    def term(self, sign: int) -> Array:
        """Factors side by side, or elementwise, but not both; numbers in front are neither."""
        value: Array = None
        coefficient, kinds = float(sign), set()
        while self.parts and self.sign() not in ENDS:
            kind = self.take().text if self.sign() in ELEMENTWISE else ""
            if value is None and self.numeric():
                coefficient *= self.factor().item()
                if self.sign() == "·":  # 6.4 · 10⁻⁴
                    self.take()
                continue
            factor = self.factor()
            if value is None:
                value = factor
                continue
            kinds.add(bool(kind))
            assert len(kinds) == 1, "products of both kinds side by side"
            value = entrywise(kind, value, factor) if kind else times(value, factor, self.reader.rows)
        if value is None:
            return np.full((1, 1), coefficient)
        return times(np.full((1, 1), coefficient), value)

    def numeric(self) -> bool:
        """Whether a number comes, a fraction of numbers, or a power of one."""
        first = self.parts[0]
        numbers = {"mfrac": list(first), "msup": list(first)[:1]}.get(first.tag, [first])
        return all(part.tag == "mn" for part in numbers)

    def factor(self) -> Array:
        found = self.reader.atom(self.parts, self.indices)
        if found is not None:
            value, length = found
            del self.parts[:length]
            return value
        return getattr(self, f"_{self.parts[0].tag}")(self.take())

    def _mi(self, element: ET.Element) -> Array:
        text = element.text or ""
        if text == "𝟏" or text in CONSTANTS:
            return Ones(row=self.reader.rows) if text == "𝟏" else CONSTANTS[text]()
        return self.called(element)

    def called(self, name: ET.Element, arguments: Sequence[ET.Element] = (), prime: bool = False) -> Array:
        """A function by its label, with the numbers of its subscript, of what stands behind."""
        text = self.reader.functions.get(name.text or "", name.text or "")
        if text in WHOLE:
            return WHOLE[text](self.factor())
        if text in EXTREMES:
            return reduce(EXTREMES[text], map(spread, self.listed()))
        assert text in FUNCTIONS, f"unknown symbol {text}"
        numbers = [[]]
        for part in arguments:
            numbers = [*numbers, []] if part.text == "," else [*numbers[:-1], [*numbers[-1], part]]
        given = tuple(float(self.inner(parts).item()) for parts in numbers if parts)
        operand = self.factor()
        if isinstance(operand, Ones):
            return replace(operand, number=elementwise(text, given, prime)(operand.number))
        return elementwise(text, given, prime)(operand) + 0 * operand

    def listed(self) -> list[Array]:
        """What stands between parentheses and commas."""
        opening, inside, depth = self.take(), list[ET.Element](), 0
        assert opening.text == "("
        while depth or not (self.parts[0].tag == "mo" and self.parts[0].text == ")"):
            part = self.take()
            depth += {"(": 1, ")": -1}.get(part.text or "", 0) if part.tag == "mo" else 0
            inside.append(part)
        self.take()
        found, rest = list[Array](), inside
        while rest:
            state = _State(self.reader, rest, self.indices)
            found.append(state.sum())
            assert not state.parts or state.take().text == ",", "a comma expected"
            rest = state.parts
        return found

    def is_function(self, element: ET.Element) -> bool:
        return element.tag == "mi" and self.reader.functions.get(element.text or "", element.text or "") in FUNCTIONS

    def _mn(self, element: ET.Element) -> Array:
        return np.full((1, 1), float(element.text or ""))

    def _mo(self, element: ET.Element) -> Array:
        opening = element.text or ""
        assert opening in CLOSING, f"a factor expected, not {opening!r}"
        depth, inside = 1, []
        while True:
            part = self.take()
            if part.tag == "mo" and part.text == opening and part.get("form") != "postfix":
                depth += 1
            elif part.tag == "mo" and part.text == CLOSING[opening]:
                depth -= 1
            if depth == 0:
                break
            inside.append(part)
        if opening == "[":
            return self.matrix(inside) if inside[0].tag == "mtable" else self.holds(inside)
        value = self.inner(inside)
        return np.sqrt((value**2).sum(keepdims=True)) if opening == "‖" else np.abs(value) if opening == "|" else value

    def matrix(self, inside: list[ET.Element]) -> Array:
        """Blocks; where zeros and identities leave a size open, all the matrices that it may be."""
        (table,) = inside
        cells = [[self.inner(flat(cell[0]) if len(cell) else []) for cell in row] for row in table]
        columns = [*zip(*cells, strict=True)]
        made = [
            self.blocks(cells, heights, widths) for heights in self.extents(cells, 0) for widths in self.extents(columns, 1)
        ]
        return of_choices([*{one.shape: one for one in reversed(made)}.values()][::-1])

    def blocks(self, cells: list[list[Array]], heights: list[int], widths: list[int]) -> Array:
        for row, h in zip(cells, heights, strict=True):  # the identity is square
            widths = [h if isinstance(c, Eye) and len(row) == 1 else w for c, w in zip(row, widths, strict=True)]
        if len(cells) == 1:
            heights = [widths[i] for i, c in enumerate(cells[0]) if isinstance(c, Eye)] or heights
        return np.block([
            [np.eye(h) if isinstance(c, Eye) else np.broadcast_to(spread(c), (h, w)) for c, w in zip(row, widths, strict=True)]
            for row, h in zip(cells, heights, strict=True)
        ])

    def holds(self, inside: list[ET.Element]) -> Array:
        """1 where a comparison holds, else 0."""
        at = next(i for i, part in enumerate(inside) if part.text in COMPARISONS)
        left, right = (spread(self.inner(part)) for part in (inside[:at], inside[at + 1 :]))
        return COMPARISONS[inside[at].text or ""](left, right).astype(float)

    def extents(self, lines: Sequence[Sequence[Array]], axis: int) -> list[list[int]]:
        """The heights of the rows or the widths of the columns of blocks; where only I and 0 stand, the sizes of the parts of the
        model that fit, and lines of one. The likeliest first."""
        known = [[c.shape[axis] for c in line if not isinstance(c, (Eye, Ones)) and (c.size > 1 or c.any())] for line in lines]
        ones = [1] * len(lines)
        if len(lines) == 1 or all(known):
            return [[max(sizes, default=1) for sizes in known]]
        fitting = [
            list(sizes) for sizes in self.reader.parts
            if len(sizes) == len(lines) and all(not k or max(k) == n for k, n in zip(known, sizes, strict=True))
        ]
        return [[max(sizes) if sizes else rest[i] for i, sizes in enumerate(known)] for rest in (*fitting, ones)]

    def _mfrac(self, element: ET.Element) -> Array:
        above, below = (flat(child) for child in element)
        signs = self.reader.signs
        if shown(above[0]) not in signs or len(above) == 1:
            return self.inner(above) / self.inner(below)
        under = below[1:] if shown(below[0]) in signs else below
        sign = (shown(above[0]), "" if under is below else shown(below[0]))
        return self.reader.derivative(sign, tuple(map(shown, above[1:])), tuple(map(shown, under)), self.indices)

    def _msqrt(self, element: ET.Element) -> Array:
        return np.sqrt(self.inner([p for child in element for p in flat(child)]))

    def raised(self, base: list[ET.Element], sup: list[ET.Element]) -> Array:
        """A power or a transpose."""
        text = [part.text or "" for part in sup]
        if text[-1] in TRANSPOSES:
            value = self.inner(base)
            return turned(value)
        if text == ["(", self.reader.heads[0], ")"]:
            return self.reader.cut(self.inner(base), self.indices)
        assert text[0] in ELEMENTWISE or sup[0].tag == "mn" or (text[0] == "−" and sup[1].tag == "mn"), text
        power = "".join(t for t in text if t not in ELEMENTWISE).replace("−", "-")
        value = self.inner(base)
        if power == "-1" and text[0] not in ELEMENTWISE:
            return inverse(value)
        assert text[0] in ELEMENTWISE or np.size(value) == 1, "a power of a matrix"
        if isinstance(value, Ones):
            return replace(value, number=value.number ** float(Fraction(power)))
        return value ** float(Fraction(power))

    def _msup(self, element: ET.Element) -> Array:
        base, sup = element
        if base.tag == "mi" and sup.text == "′" and self.sign() == "(":
            return self.called(base, prime=True)
        marks = flat(sup)
        if len(marks) > 1 and (marks[-1].text or "") in TRANSPOSES:  # a name that has a superscript of its own
            whole = ET.Element("msup")
            whole.append(base)
            whole.append(_row(sup))
            return self.inner([whole]).T
        return self.raised(flat(base), marks)

    def _msubsup(self, element: ET.Element) -> Array:
        base, sub, sup = element
        if self.is_function(base) and sup.text == "′":
            return self.called(base, flat(sub), prime=True)
        marks = flat(sup)
        if flat(base)[0].text == "‖":  # a Frobenius norm
            return self.raised(flat(base), marks)
        if len(marks) > 1 and (marks[-1].text or "") in TRANSPOSES:
            whole = ET.Element("msubsup")
            whole.extend([base, sub, _row(sup)])
            return self.inner([whole]).T
        plain = ET.Element("msub")
        plain.extend([base, sub])
        return self.raised([plain], marks)

    def _msub(self, element: ET.Element) -> Array:
        """A slice of a column or row, or a function with numbers of its own."""
        base, sub = element
        if self.is_function(base):
            return self.called(base, flat(sub))
        marks = [part.text or "" for part in flat(sub)]
        if base.text == "𝟏" and len(marks) == 3 and marks[1] in COMPARISONS:
            return triangle(COMPARISONS[marks[1]])
        inside = flat(base)
        if inside[0].text == "[" and [part.text for part in flat(sub)] == [self.reader.heads[0]]:
            return self.reader.joined(inside[1:-1], self.indices)
        value = self.inner(inside)
        places = [self.place(part) for part in _split([p.text or "" for p in flat(sub)])]
        if len(places) == 1:  # rows, or entries of a vector that lies
            places = [slice(None), *places] if len(value) == 1 else [*places, slice(None)]
        return value[tuple(places)]

    def place(self, texts: list[str]) -> slice:
        """One place, counted from zero, or a:b without b; either end may be left out."""
        if ":" not in texts:
            return slice(_index(texts, self.reader.sizes), _index(texts, self.reader.sizes) + 1)
        colon = texts.index(":")
        first, last = (_index(part, self.reader.sizes) if part else None for part in (texts[:colon], texts[colon + 1 :]))
        return slice(first, last)

    def _munderover(self, element: ET.Element) -> Array:
        return self.series(element, "")

    def _mover(self, element: ET.Element) -> Array:
        return self.series(element[0], element[1].text or "")

    def _munder(self, element: ET.Element) -> Array:
        """A labelled brace: what is above it has the value of its label."""
        braced, label = element
        value, named = self.inner(flat(braced[0])), self.inner(flat(label))
        np.testing.assert_allclose(value, named, rtol=1e-9, atol=1e-12)
        return value

    def series(self, element: ET.Element, arrow: str) -> Array:
        """A sum or product over an index; its body reaches to the end of the term."""
        sign, below, above = element
        index, first = _equation(flat(below))
        last = [part.text or "" for part in flat(above)]
        start, stop = (_index(part, {**self.reader.sizes, **self.indices}) for part in (first, last))
        rest, values = self.parts, []
        after = rest
        for step in range(start, stop + 1):
            inner = _State(self.reader, rest, {**self.indices, index: step})
            values.append(inner.term(1))
            after = inner.parts
        if not values:
            probe = _State(self.reader, rest, {**self.indices, index: max(stop, 1)})
            empty = probe.term(1)
            self.parts = probe.parts
            return Eye() if sign.text == "∏" else times(0, empty)
        self.parts = after
        if sign.text == "∑":
            return reduce(lambda a, b: plus(a, b, 1), values)
        return reduce(partial(times, rows=self.reader.rows), values if arrow == "↷" else values[::-1])


def _row(sup: ET.Element) -> ET.Element:
    """A superscript without the transpose at its end."""
    kept = flat(sup)[:-1]
    if len(kept) == 1:
        return kept[0]
    row = ET.Element("mrow")
    row.extend(kept)
    return row


def _equation(parts: list[ET.Element]) -> tuple[str, list[str]]:
    texts = [part.text or "" for part in parts]
    assert texts[1] == "=", texts
    return texts[0], texts[2:]


def _split(texts: list[str]) -> list[list[str]]:
    """What stands between commas."""
    parts: list[list[str]] = [[]]
    for text in texts:
        parts = [*parts, []] if text == "," else [*parts[:-1], [*parts[-1], text]]
    return parts


def _index(texts: list[str], indices: Indices) -> int:
    """k + 1, T, t − 1, 3, 2 V."""
    total, sign, product = 0, 1, None
    for text in [*texts, "+"]:
        if text in "+−":
            total += sign * (product or 0)
            sign, product = 1 if text == "+" else -1, None
        else:
            product = (1 if product is None else product) * (int(text) if text.isdigit() else indices[text])
    return total
