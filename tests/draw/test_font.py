"""Fonts inside pages: all letters, nothing more, the same bytes; and pages without them."""

from __future__ import annotations

import base64
import io
import re
from importlib.util import find_spec

import pytest

from symbptt import document, typeset
from symbptt.draw import font
from symbptt.model.read import load

ttLib = pytest.importorskip("fontTools.ttLib")
needs_fonts = pytest.mark.skipif(not font.available(), reason="the extra html is not installed")
TEXT = [("400", "normal"), ("400", "italic"), ("600", "normal")]
RULE = re.compile(r"family: '(.*?)'; font-weight: (\d+); font-style: (\w+); src: url\(data:font/woff;base64,(.*?)\)")


def letters(css: str) -> dict[tuple[str, str, str], set[int]]:
    """The letters of every font of a style sheet."""
    return {
        (family, weight, style): set(ttLib.TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap())
        for family, weight, style, data in RULE.findall(css)
    }


@pytest.mark.slow
@needs_fonts
def test_a_page_has_the_letters_of_its_formulas() -> None:
    formula = typeset.mathml(load("elman").equations[1].value, load("elman"))
    found = letters(font.faces(f"<p>Straße</p>{formula}<svg><text>𝜹⊤</text></svg>"))
    math = found["symbptt math", "400", "normal"]
    assert {*map(ord, "𝐚𝑡𝜹⊤("), ord("t")} <= math and ord("𝐖") not in math
    assert set(found) == {("symbptt math", "400", "normal"), *(("symbptt text", *kind) for kind in TEXT)}
    for kind in TEXT:
        assert {*map(ord, "Straße"), *range(0x20, 0x7F)} <= found["symbptt text", *kind]
        assert ord("𝐡") not in found["symbptt text", *kind]


@pytest.mark.slow
@needs_fonts
def test_the_slanted_h_stands_elsewhere_and_is_there_too() -> None:
    assert ord("ℎ") in letters(font.faces("<math><mi>h</mi></math>"))["symbptt math", "400", "normal"]


@needs_fonts
def test_braces_and_parentheses_can_grow() -> None:
    data = RULE.findall(font.faces("<math><mo>(</mo><mo>⏟</mo></math>"))[0][3]
    variants = ttLib.TTFont(io.BytesIO(base64.b64decode(data)))["MATH"].table.MathVariants
    assert len(variants.VertGlyphCoverage.glyphs) >= 1 and len(variants.HorizGlyphCoverage.glyphs) >= 1


@pytest.mark.slow
@needs_fonts
def test_the_same_letters_give_the_same_bytes() -> None:
    first = font.faces("<p>a</p>")
    font._cut.cache_clear()
    assert font.faces("<p>a</p>") == first


def test_without_the_packages_a_page_asks_for_installed_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font, "find_spec", lambda name: None if name == "ziamath" else find_spec(name))
    assert not font.available() and font.faces("<math></math>") == "" and font.drawn("<svg></svg>") == ""
    html = document.render("scalar", 1, "html")
    assert "@font-face" not in html and '"STIX Two Math"' in html and "<math" in html
