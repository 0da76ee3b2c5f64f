"""The page on documents: its examples work, its lists are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symbptt import document
from symbptt.document import KINDS, DocumentOptions, blocks
from symbptt.document.renderer import template_name

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")


def example(mark: str, language: str) -> str:
    found = re.search(rf"<!-- {re.escape(mark)} -->\n```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("own")
    (folder / "prose.toml").write_text(example("prose", "toml"))
    template = folder / "latex/blocks/exercise.tex.jinja"
    template.parent.mkdir(parents=True)
    template.write_text(example("template latex/blocks/exercise.tex.jinja", "jinja"))
    options = DocumentOptions(kind="handout", prose=folder / "prose.toml", templates=folder)
    return document.render("elman", 3, "tex", options=options)


@pytest.mark.slow
def test_the_example_of_words_and_exercises_works(page: str) -> None:
    assert "{\\LARGE\\bfseries Recurrent networks, lesson 3" in page
    assert "Machine learning" in page and "What you will be able to do" in page
    assert page.index("Recall the picture") < page.index("tikzpicture") < page.index("Keep this page")
    assert "Gradient check" not in page
    assert page.index("Why does the product") < page.index("Exercise 2.")


@pytest.mark.slow
def test_the_example_of_a_template_works(page: str) -> None:
    assert page.count(r"\paragraph{Exercise") == 4
    assert "The Jacobian of step $k$ belongs" in page


def test_every_kind_part_and_block_is_named() -> None:
    for kind in KINDS:
        assert f"| `{kind}` |" in TEXT
    listed = re.search(r"The parts of a handout, in order: (.*?)\.\n", TEXT, re.DOTALL)
    assert listed and re.findall(r"`(\w+)`", listed[1]) == [part.__name__ for part in KINDS["handout"].parts]
    names = {template_name(object.__new__(block)) for block in blocks.Block.__subclasses__()}
    table = set(re.findall(r"^\| `(\w+)` \| `", TEXT, re.M))
    assert names - {"left_out", "plotted"} == table
