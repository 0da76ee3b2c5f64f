"""Formulas in SVG."""

from __future__ import annotations

from xml.etree import ElementTree

from symbptt.draw import svg
from symbptt.typeset.tree import Accent, Identifier, Operator, Row, Script, Style


def test_labels_in_svg_come_back_to_the_line() -> None:
    tree = Row((
        Script(Identifier("W", Style.BOLD), Identifier("hh"), Operator("⊤")), Operator("\u2062"),
        Script(Accent(Identifier("h", Style.BOLD), "bar"), Identifier("t")), Operator("−"), Identifier("<"),
    ))
    made = svg.label(tree)
    root = ElementTree.fromstring(f"<g>{made}</g>")
    assert "".join(root.itertext()).replace("\u2009", "") == "𝐖⊤ℎℎ𝐡\u0304𝑡−<"
    assert abs(sum(float(e.get("dy", 0)) for e in root)) < 1e-9
