"""MathML: well-formed, within MathML Core, and saying the same as the text."""

import unicodedata
from xml.dom import minidom

import pytest
import sympy as sp

from symbptt import typeset
from symbptt.algebra import nodes, tidy
from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Adjoint, StepAdjoint
from symbptt.typeset.alphabets import styled
from symbptt.typeset.tree import Brace, Text

H = sp.Symbol("H", integer=True, positive=True)
W = sp.MatrixSymbol("W_hh", H, H)
h, a = Timed("h", H, 1, TIME), Timed("a", H, 1, TIME)
d = Adjoint(a)
CORE = {
    "math", "mi", "mn", "mo", "mtext", "mspace", "mrow", "msub", "msup", "msubsup", "mover", "munder", "munderover", "mfrac",
    "msqrt", "mtable", "mtr", "mtd",
}

FORMULAS = [
    tidy.add(tidy.mul(W, h), a), tidy.hadamard(d, nodes.SlopeByResult("tanh", h)), nodes.Slope("sigmoid", a),
    nodes.SumOver(tidy.mul(d, sp.Transpose(h)), TIME, 1, sp.Symbol("T")), nodes.Concat(h, a), nodes.CrossEntropy(h, a),
    nodes.ProductOver(sp.Transpose(nodes.Partial(h, a, "immediate")), TIME, 1, 3), nodes.HalfSquaredNorm(h),
    nodes.Elementwise("sqrt", h), StepAdjoint(h),
]
TREES = [typeset.compose(f) for f in FORMULAS] + [
    typeset.aligned([typeset.equation(h, nodes.Elementwise("tanh", a), tidy.mul(W, a)), typeset.equation(a, h)]),
    Brace(typeset.compose(W), Text("a < b & c")),
]


def parse(tree):
    return minidom.parseString(typeset.mathml(tree).encode()).documentElement


@pytest.mark.parametrize("tree", TREES)
def test_elements_and_attributes_of_mathml_core(tree):
    root = parse(tree)
    for element in [root, *root.getElementsByTagName("*")]:
        assert element.tagName in CORE
        assert element.getAttribute("mathvariant") in ("", "normal")
        if element.tagName in ("msub", "msup", "mover", "munder", "mfrac"):
            assert len(element.childNodes) == 2
        if element.tagName in ("msubsup", "munderover"):
            assert len(element.childNodes) == 3


def characters(text):
    """The letters and digits, without weight, position or accents."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return sorted(c for c in plain if c.isalnum())


@pytest.mark.parametrize("formula", FORMULAS)
def test_all_outputs_have_the_same_letters(formula):
    root = parse(typeset.compose(formula))
    parts = [node for element in root.getElementsByTagName("*") for node in element.childNodes]
    inside = "".join(node.data for node in parts if node.nodeType == node.TEXT_NODE)
    text = typeset.text(formula)
    assert root.getAttribute("alttext") == text
    assert characters(inside) == characters(text.replace("ᵀ", ""))


def test_bold_is_a_matter_of_characters():
    assert styled("Wx3", "bold") == "𝐖𝐱𝟑"
    assert [unicodedata.name(styled(c, "bold")) for c in "δΓϵϕϑ"] == [
        "MATHEMATICAL BOLD ITALIC SMALL DELTA", "MATHEMATICAL BOLD CAPITAL GAMMA", "MATHEMATICAL BOLD ITALIC EPSILON SYMBOL",
        "MATHEMATICAL BOLD ITALIC PHI SYMBOL", "MATHEMATICAL BOLD ITALIC THETA SYMBOL",
    ]
    names = {"script": "SCRIPT", "double": "DOUBLE-STRUCK", "fraktur": "", "sans": "SANS-SERIF", "mono": "MONOSPACE"}
    for alphabet, word in names.items():
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            name = unicodedata.name(styled(letter, alphabet))
            assert word in name and name.endswith((f" {letter}", f"CAPITAL {letter}"))
    assert "<mi>𝐖</mi>" in typeset.mathml(W)


def test_scripts_set_their_operators_tight_and_display_is_chosen():
    assert '<mo lspace="0" rspace="0">−</mo>' in typeset.mathml(Timed("h", H, 1, TIME - 1))
    assert "<mo>−</mo>" in typeset.mathml(tidy.add(h, tidy.scale(-1, a)))
    assert typeset.mathml(h, display="inline").startswith('<math display="inline"')
