"""What an author adds: words, paragraphs, exercises; all of it plain text, and mistakes named with their place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symbptt import document
from symbptt.document import DocumentOptions, customization
from symbptt.document.bibliography import METHOD
from symbptt.errors import BadInput, UnknownName

HOSTILE = r'100% \write18{rm} \input{/etc/passwd} $x$ {a} & _b_ <script>alert(1)</script> ^~#'


def options(folder: Path, text: str, **more: object) -> DocumentOptions:
    (folder / "own.toml").write_text(text)
    return DocumentOptions(kind=str(more.pop("kind", "summary")), prose=folder / "own.toml", **more)  # type: ignore[arg-type]


@pytest.mark.slow
def test_words_are_replaced(tmp_path: Path) -> None:
    made = document.render("elman", 2, "html", options=options(tmp_path, '[words]\n"summary.watch" = "Three things"'))
    assert "Three things" in made and "Watch for" not in made


def test_paragraphs_stand_around_a_part_and_parts_can_be_skipped(tmp_path: Path) -> None:
    text = '[parts.sums]\nafter = "After `t = 1`."\n[parts.watch]\nskip = true'
    made = document.render("elman", 2, "html", options=options(tmp_path, text))
    assert re.search(r"After (<span[^>]*>)?<math", made) and "Watch for" not in made


def test_title_and_byline_are_those_of_the_file_unless_given(tmp_path: Path) -> None:
    text = 'title = "Mine"\nauthor = "A school"\ncourse = "A course"'
    made = document.compose("elman", 2, options=options(tmp_path, text, author="Another school"))
    assert (made.title, made.byline) == ("Mine", ("A course", "Another school"))


@pytest.mark.slow
def test_user_text_is_plain_text_everywhere(tmp_path: Path) -> None:
    quoted = "'''" + HOSTILE + "'''"
    text = f'''
title = {quoted}
[parts.goals]
before = {quoted}
[[exercises]]
question = {quoted}
hint = {quoted}
solution = {quoted}
'''
    asked = options(tmp_path, text, kind="handout", author=HOSTILE, course=HOSTILE)
    tex = document.render("elman", 2, "tex", options=asked)
    assert "\\write18" not in tex and "\\input{/etc" not in tex and "<script>" not in tex
    assert tex.count(r"100\% \textbackslash{}write18\{rm\}") >= 6
    html = document.render("elman", 2, "html", options=asked)
    assert "<script>alert" not in html and html.count("&lt;script&gt;alert(1)") >= 6


@pytest.mark.parametrize("text, message", [
    ("title = 3", r"own\.toml, title: expected a text"),
    ("titel = 'x'", r"unknown key 'titel'; did you mean 'title'"),
    ("[parts.sum]\nskip = true", r"unknown part of a summary 'sum'; did you mean 'sums'"),
    ("[parts.sums]\nskip = 1", r"parts\.sums\.skip: expected true or false"),
    ("[parts.sums]\nbefore = [1]", r"parts\.sums\.before: expected a text"),
    ("parts = 1", "parts: expected a table"),
    ("[[exercises]]\nhint = 'x'", r"exercises\[1\]: expected a question"),
    ("[[exercises]]\nquestion = 'x'\nroom = -1", r"exercises\[1\]\.room: expected a whole number"),
    ("exercises = 'x'", r"exercises: expected tables"),
    ("generated = 1000", "generated: expected a whole number from 0 to 60"),
    ("[words]\n'summary.wach' = 'x'", "unknown text in en 'summary.wach'; did you mean 'summary.watch'"),
    ("[words]\n'summary.count' = '{step}'", "unknown slot in summary.count 'step'; did you mean 'steps'"),
    ("title = ", "no TOML"),
])
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        options(tmp_path, text)


def test_a_missing_file_and_unknown_names_are_said() -> None:
    with pytest.raises(BadInput, match=r"nowhere\.toml: cannot be read"):
        customization.read(Path("nowhere.toml"))
    with pytest.raises(UnknownName, match="version 'pupil'; known: student, teacher"):
        DocumentOptions(version="pupil")
    with pytest.raises(UnknownName, match="kind of document 'handouts'; did you mean 'handout'"):
        DocumentOptions(kind="handouts")
    with pytest.raises(BadInput, match="seed must be a whole number"):
        DocumentOptions(seed=-1)


def test_the_number_of_drawn_exercises_is_that_asked_for(tmp_path: Path) -> None:
    asked = options(tmp_path, "generated = 2\n[[exercises]]\nquestion = 'Why?'", kind="handout")
    made = document.compose("elman", 2, options=asked)
    found = [block for block in made.blocks if isinstance(block, document.blocks.Exercise)]
    assert [one.number for one in found] == [1, 2, 3]
    assert found[0].question == (document.blocks.Paragraph(("Why?",)),)


def test_the_command_in_the_file_says_what_was_asked() -> None:
    made = document.compose("elman", 2, options=DocumentOptions(kind="summary", seed=4, title="It's 1", language="zh")).command
    assert made == "symbptt document elman -T 2 --kind summary --lang zh --seed 4 --title 'It’s 1'"


AUTHORED = r"""
only = ["recursion", "sums", "graph", "references"]
order = ["recursion", "graph"]
[references.notes]
called = "the notes"
text = "A. Lecturer (2026) Notes."
url = "https://example.org/n?a=1&b=2#c%20d_e"
[parts.sums]
before = '''By $J_3^\\top$ and $\\partial^+ h_k$, **strong** and *weak* as [here](https://example.org/x_y),
[@pascanu2013] and [@notes], 5\\$.'''
""".replace("\\\\", "\\")


def test_running_text_has_formulas_emphasis_links_and_citations(tmp_path: Path) -> None:
    asked = options(tmp_path, AUTHORED, kind="handout")
    tex, html, md = (document.render("elman", 2, format, options=asked) for format in ("tex", "html", "md"))
    assert r"By $J_{3}^{\top}$ and $\partial^{+} h_{k}$, \textbf{strong} and \textit{weak} as" in tex
    assert r"\href{https://example.org/x\_y}{here}, (Pascanu, Mikolov and Bengio 2013) and (the notes), 5\$." in tex
    assert r"\href{https://example.org/n?a=1\&b=2\#c\%20d\_e}" in tex
    assert "<strong>strong</strong> and <em>weak</em>" in html and '<a href="https://example.org/x_y">here</a>' in html
    assert "**strong** and *weak*" in md and "[here](<https://example.org/x_y>)" in md and r"$J_{3}^{\top}$" in md


def test_parts_are_chosen_and_ordered(tmp_path: Path) -> None:
    kept = [part.__name__ for part in options(tmp_path, AUTHORED, kind="handout").parts]
    assert kept == ["recursion", "sums", "graph", "references"]


def test_the_sources_are_written_as_bibtex(tmp_path: Path) -> None:
    bib = document.render("elman", 2, "bib", options=options(tmp_path, AUTHORED, kind="handout"))
    assert bib.count("@") == 2 + len(METHOD)
    assert "@article{werbos1990," in bib and "@misc{notes," in bib and "10.1162/neco.1989.1.2.270" in bib


@pytest.mark.parametrize("text, message", [
    ("[parts.sums]\nbefore = 'x $\\input{y}$'", r"own\.toml, parts\.sums\.before: .*\\input is not one of"),
    ("[parts.sums]\nbefore = 'see [@nobody]'", r"unknown source 'nobody'"),
    ("only = ['sumz']", r"unknown part of a summary 'sumz'"),
    ("[references.a]\ntext = 'x'\nurl = 'javascript:alert(1)'", r"references\.a\.url: expected an address"),
    ("[references.a]\ncalled = 'x'", r"references\.a\.text: expected"),
])
def test_mistakes_in_running_text_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=message):
        options(tmp_path, text.replace("\\n", "\n"))
