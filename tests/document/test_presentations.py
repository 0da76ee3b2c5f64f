"""Every kind of document in every language, notation and layout: complete, balanced, and in that language throughout."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from html.parser import HTMLParser
from itertools import cycle, product

import pytest

from symbptt import document
from symbptt.document.blocks import Block, Steps
from symbptt.document.kinds import KINDS
from symbptt.document.options import DocumentOptions
from symbptt.typeset import notations
from symbptt.words import languages, spoken

LAYOUTS = ("column", "row")
SINGLE = [name for name, kind in KINDS.items() if kind.models == 1]
EVERY = [
    case for case in product(SINGLE, languages(), notations.names(), LAYOUTS) if case[1] in ("en", "zh") or case[2] == "textbook"
]
_OTHERS = cycle(product(languages(), LAYOUTS))
SOME = [(kind, *next(_OTHERS), notation) for kind in SINGLE for notation in notations.names()]
"""Every kind in every notation, languages and layouts in turn."""
VOID = {"meta", "link", "br", "hr", "img", "input"}
NAMES = {"BPTT", "Xavier", "LSTM", 
    "Elman", "Pascanu", "Mikolov", "Bengio", "Werbos", "Williams", "Zipser", "Simard", "Frasconi", "Goodfellow", "Courville",
    "Frobenius", "RTRL", "softmax", "tanh", "sigmoid", "diag", "symbptt",
    "elman", "NumPy", "SymPy", "net", "rec", "out", "Home", "End", "Esc",
}
"""Words of a Chinese document that are names: of people, functions, commands, symbols and keys."""
ENGLISH = {"the", "of", "and", "with", "from", "which", "is", "are", "each", "step", "loss", "weights", "state"}
"""Words that no Spanish sentence has."""


class Nesting(HTMLParser):
    """Objects to a tag that closes something else."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"


def lines(blocks: tuple[Block, ...]) -> int:
    """How many lines of a derivation the blocks hold, inner blocks included."""
    inner = [getattr(block, name) for block in blocks for name in ("blocks", "rows") if hasattr(block, name)]
    nested = [part for group in inner for part in group if isinstance(part, Block)]
    return sum(len(block.steps) for block in blocks if isinstance(block, Steps)) + (lines(tuple(nested)) if nested else 0)


@cache
def whole(kind: str) -> tuple[list[str], int]:
    """The addresses of the parts and the number of lines of the plain document."""
    made = document.compose("elman", 2, options=DocumentOptions(kind=kind))
    return [block.key for block in made.blocks if hasattr(block, "key")], lines(made.blocks)


def check_latex(tex: str) -> None:
    body = re.sub(r"\\begin\{lstlisting\}.*?\\end\{lstlisting\}", "", re.sub(r"\\[{}]", "", tex), flags=re.S)
    assert body.count("{") == body.count("}")
    for kind in set(re.findall(r"\\begin\{(\w+\*?)\}", body)):
        assert body.count(rf"\begin{{{kind}}}") == body.count(rf"\end{{{kind}}}"), kind
    opened, closed = (len(re.findall(rf"\\{side}(?![A-Za-z])", body)) for side in ("left", "right"))
    assert opened == closed
    assert "[U+" not in tex and "<<" not in tex and "<%" not in tex


def words(html: str) -> str:
    """What a page says in words: no code, no formulas, no references, no drawings."""
    kept = re.sub(r"<(style|script|pre|code|svg|math|head)\b.*?</\1>|<!--.*?-->", " ", html, flags=re.S)
    return re.sub(r"<[^>]*>", " ", kept.split('id="references"')[0])


def check(kind: str, language: str, layout: str, notation: str) -> None:
    options = DocumentOptions(kind=kind, language=language, notation=notation, layout=layout)
    made = document.compose("elman", 2, options=options)
    parts, count = whole(kind)
    assert lines(made.blocks) == count
    assert len([block for block in made.blocks if hasattr(block, "key")]) == len(parts)
    tex, html = (document.render("elman", 2, format, options=options) for format in ("tex", "html"))
    check_latex(tex)
    reader = Nesting()
    reader.feed(html)
    reader.close()
    assert not reader.open
    source = spoken(notations.load(notation).source, language)
    text = words(html).replace(escape(source, quote=False), "")
    assert not re.search(r"\{[a-z_]+\}|None|True|False", text), "a slot that nothing fills"
    if language == "zh":
        english = set(re.findall(r"[A-Za-z]{3,}", text)) - NAMES
        assert not english, english
        assert not re.search(r"[一-鿿] ?[,;:!?]|[,;!?] ?[一-鿿]", text), "half-width punctuation"
    else:
        assert not re.search(r"[一-鿿，。；：（）]", text)
    if language == "es":
        assert not set(re.findall(r"[a-z]+", text)) & ENGLISH


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "language", "layout", "notation"), SOME)
def test_every_kind_in_every_notation(kind: str, language: str, layout: str, notation: str) -> None:
    check(kind, language, layout, notation)


@pytest.mark.share(5)
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "language", "notation", "layout"), EVERY)
def test_every_kind_language_notation_and_layout(kind: str, language: str, notation: str, layout: str) -> None:
    check(kind, language, layout, notation)
