"""Blocks, their templates, and templates of the author's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from symbptt import document, resources
from symbptt.document import blocks, fields, renderer
from symbptt.document.formats import FORMATS
from symbptt.document.writers.html import Html
from symbptt.document.writers.latex import Latex
from symbptt.errors import BadInput, MissingRule
from symbptt.narrative.values import Typed
from symbptt.words import languages

ALL = sorted(blocks.Block.__subclasses__(), key=lambda block: block.__name__)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("block", ALL, ids=lambda block: block.__name__)
def test_every_block_has_a_row_and_a_template_per_format(block: type[blocks.Block], format: str) -> None:
    writer = FORMATS[format].writer
    assert fields.fields.dispatch(block) is not fields.fields.dispatch(blocks.Block)
    name = renderer.template_name(object.__new__(block))
    file = f"{name}.{writer.suffix}.jinja"
    assert any(resources.templates().joinpath(folder, "blocks", file).is_file() for folder in writer.folders)


def test_a_new_block_names_the_file_to_edit() -> None:
    @dataclass(frozen=True)
    class Riddle(blocks.Block):
        pass

    with pytest.raises(MissingRule, match=r"fields\.py"):
        renderer.Renderer(Latex(), "derivation").block(Riddle())


def own(folder: Path, name: str, text: str) -> document.DocumentOptions:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return document.DocumentOptions(templates=folder)


@pytest.mark.slow
def test_a_template_of_ones_own_stands_before_the_package_s(tmp_path: Path) -> None:
    options = own(tmp_path, "html/blocks/code.html.jinja", "<p>code: << code | length >> signs</p>\n")
    html = document.render("elman", 2, "html", options=options)
    assert "<p>code: " in html and "<pre>" not in html
    assert "<h2" in html, "the other blocks are the package's"
    assert document.render("elman", 2, "tex", options=options).count("lstlisting") == 2


def test_a_template_may_be_for_one_kind(tmp_path: Path) -> None:
    own(tmp_path, "html/derivation/paragraph.html.jinja", "<p class='mine'><< text >></p>\n")
    options = own(tmp_path, "html/slides/heading.html.jinja", "<h7>")
    html = document.render("elman", 2, "html", options=options)
    assert "<p class='mine'>" in html and "<h7>" not in html


@pytest.mark.parametrize("text, message", [
    ("<< nothing >>", "'nothing' is undefined"), ("\n<% if %>", r"code\.html\.jinja, line 2"), 
    ("<< code / 2 >>", r"code\.html\.jinja"),
    ("<< code.__class__.__mro__ >>", "unsafe"),
])
def test_a_bad_template_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        document.render("elman", 2, "html", options=own(tmp_path, "html/blocks/code.html.jinja", text))


def test_a_missing_folder_is_said() -> None:
    with pytest.raises(BadInput, match="nowhere: no folder of templates"):
        document.DocumentOptions(templates=Path("nowhere"))


def test_a_pen_writes_prose() -> None:
    assert Html().prose(("a < b ", Typed("x_1"))) == "a &lt; b <code>x_1</code>"
    assert Latex().prose(("50% ", Typed("x_1"))) == r"50\% \texttt{x\_\allowbreak{}1}"


@pytest.mark.parametrize("language", languages())
def test_no_label_is_called_like_a_method_of_the_table(language: str) -> None:
    labels = renderer.Renderer(Html(language), "slides").words
    assert labels and not [name for name in labels if hasattr(labels, name)], "a template would find the method"
