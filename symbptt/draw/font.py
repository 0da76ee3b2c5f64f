"""Fonts inside a page: the letters that it has, cut out of open fonts which packages bring along.

STIX Two Math comes with ziamath, Source Serif Pro with font-source-serif-pro, both under the SIL Open Font License 1.1; fonttools
cuts. All three belong to the extra `html`. Without them a page has no fonts of its own and asks for installed ones.
"""

import base64
import io
import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from symbptt.typeset.alphabets import styled

EXTRA = "symbptt[html]"
"""What pip installs for fonts inside pages."""
_FORMULAS = re.compile(r"<(math|svg)\b.*?</\1>", re.S)
_SLANTED = re.compile(r"<mi>(.)</mi>")
"""A single letter, which browsers take from the slanted alphabet."""
_HIDDEN = re.compile(r"<!--.*?-->|<(style|script)\b.*?</\1>", re.S)
_TAG = re.compile(r"<[^>]*>")
_ALWAYS = frozenset(range(0x20, 0x7F)) | frozenset(map(ord, "–—‘’“”…·×−"))
"""Letters that scripts may write, and signs of running text."""


@dataclass(frozen=True)
class Face:
    """A font file of a package, and how the style sheet calls it."""

    family: str
    package: str
    file: str
    features: tuple[str, ...]
    weight: int = 400
    style: str = "normal"


_KERNED = ("kern", "liga", "ccmp", "mark", "locl")
MATH = Face("symbptt math", "ziamath", "fonts/STIXTwoMath-Regular.ttf", ("ssty", "ccmp", "mark"))
TEXT = (
    Face("symbptt text", "font_source_serif_pro", "files/SourceSerifPro-Regular.ttf", _KERNED),
    Face("symbptt text", "font_source_serif_pro", "files/SourceSerifPro-It.ttf", _KERNED, style="italic"),
    Face("symbptt text", "font_source_serif_pro", "files/SourceSerifPro-Semibold.ttf", _KERNED, weight=600),
)


def available() -> bool:
    """Whether the fonts and the tool that cuts them are installed."""
    return all(find_spec(name) for name in ("fontTools", *(face.package for face in (MATH, *TEXT))))


def _place(face: Face) -> Path:
    """Where the file lies; the package itself is not imported, since a font needs no code."""
    spec = find_spec(face.package)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / face.file


@cache
def _cut(face: Face, letters: frozenset[int]) -> str:
    """The part of a font that the letters need, as WOFF in base 64."""
    subset, fonts = import_module("fontTools.subset"), import_module("fontTools.ttLib")
    options = subset.Options(layout_features=[*face.features], hinting=False, name_IDs=[], notdef_outline=True)
    with _place(face).open("rb") as file:
        font = fonts.TTFont(file, recalcTimestamp=False)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=letters)
        cutter.subset(font)
        font.flavor, made = "woff", io.BytesIO()
        font.save(made)
    return base64.b64encode(made.getvalue()).decode("ascii")


def _rule(face: Face, letters: frozenset[int]) -> str:
    source = f"url(data:font/woff;base64,{_cut(face, letters)}) format('woff')"
    what = f"font-family: '{face.family}'; font-weight: {face.weight}; font-style: {face.style}"
    return f"@font-face {{ {what}; src: {source}; }}"


def _letters(markup: str) -> frozenset[int]:
    return frozenset(map(ord, unescape(_TAG.sub("", markup))))


def faces(body: str) -> str:
    """The rules of a style sheet that bring the fonts for the body of a page; empty if they are not installed.

    Formulas and drawings are set in the mathematical font, which also stands in for the other one.
    """
    if not available():
        return ""
    shown = _HIDDEN.sub("", body)
    words = _letters(_FORMULAS.sub("", shown)) | _ALWAYS
    math = " ".join(match[0] for match in _FORMULAS.finditer(shown))
    formulas = _letters(math) | {ord(styled(letter, "slanted")) for letter in _SLANTED.findall(math)} | words
    return "\n".join([_rule(MATH, formulas), *(_rule(face, words) for face in TEXT)])


def drawn(drawing: str) -> str:
    """The rule that brings the mathematical font for a drawing outside a page; empty as that of `faces`."""
    return _rule(MATH, _letters(drawing)) if available() else ""
