"""Markdown and notebooks: escaped, closed, and with cells that run."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from symbptt import document
from symbptt.document import KINDS, DocumentOptions
from symbptt.document.writers.markdown import Markdown
from symbptt.model.read import load, names
from symbptt.words import languages

QUICK_MODELS = ("elman", "jordan", "mgu", "mlp")

HOSTILE = r'50% \input{x} $x$ </title><script>alert(1)</script> & "q" _a_ *b* `c` [d](e) | ~ # é 中 --> <!--'


def pictures(text: str) -> list[str]:
    return [b64decode(data).decode() for data in re.findall(r"\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", text)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", names())
def test_every_model_has_a_text_that_is_closed(name: str) -> None:
    text = document.render(name, 2, "md")
    assert text.count("\n$$\n") % 2 == 0 and text.count("\n```") % 2 == 0
    assert re.search(r"^# ", text, re.M) and "<<" not in text and "<%" not in text
    for lines in re.findall(r"(?:^\|.*\|\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines.splitlines()}) == 1, lines
    for picture in pictures(text):
        assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.sampled(4)
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_closed(kind: str, language: str) -> None:
    models = ("elman", "lstm")[: KINDS[kind].models]
    text = document.render(models, 2, "md", options=DocumentOptions(kind=kind, language=language))
    assert text.count("\n$$\n") % 2 == 0 and text.count("\n```") % 2 == 0 and text.count("<details>") == text.count("</details>")
    said = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    assert not re.search(r"(?<!\S)\*\*(?!\S)", said), "nothing bold or slanted is empty"
    ranks = [len(marks) for marks in re.findall(r"^(#+) ", said, re.M)]
    assert ranks[0] == 1 and all(after - before <= 1 for before, after in pairwise(ranks))


def test_a_picture_needs_nothing_from_outside() -> None:
    picture = pictures(document.render("elman", 2, "md"))[0].replace("http://www.w3.org/2000/svg", "")
    assert "<style>" in picture and not re.search(r"(?:href|url)\W+(?!data:)\w+:", picture)


def test_user_text_is_escaped() -> None:
    text = document.render(replace(load("elman"), title=HOSTILE, notes=(HOSTILE,), reference=HOSTILE), 1, "md")
    assert "<script" not in text and r"\$x\$" in text and r"\_a\_ \*b\* \`c\` \[d\](e) \|" in text
    assert text.index("-->") == text.index("-->\n\n# "), "the comment in front cannot be closed from inside"


@pytest.mark.parametrize("text", ["1. x", "- x", "+ x", "12) x", "# x", "a\n\n# b"])
def test_no_text_opens_a_list_or_a_heading(text: str) -> None:
    made = Markdown().text(text)
    assert "\n" not in made and not re.match(r"\d+[.)]|[-+#]", made) and made.replace("\\", "") == " ".join(text.split("\n"))


def test_code_may_hold_backticks() -> None:
    assert Markdown().typed("a `b`") == "`` a `b` ``" and Markdown().typed("x_1") == "`x_1`"


def cells(name: str | tuple[str, ...], **options: Any) -> list[dict[str, Any]]:
    made = json.loads(document.render(name, 3, "ipynb", **options))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5) and made["metadata"]["language_info"]["name"] == "python"
    found: list[dict[str, Any]] = made["cells"]
    assert len({cell["id"] for cell in found}) == len(found)
    for cell in found:
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"id", "cell_type", "metadata", "source"} | code
        assert isinstance(cell["source"], list) and all(line.endswith("\n") for line in cell["source"][:-1])
    return found


def executed(found: list[dict[str, Any]], change: Callable[[str], str] = str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in found:
        if cell["cell_type"] == "code":
            exec(change("".join(cell["source"])), space)
    return space


@pytest.mark.slow
def test_a_notebook_of_every_kind_without_exercises_has_code_that_runs() -> None:
    for kind in KINDS:
        models = ("elman", "lstm")[: KINDS[kind].models]
        if not KINDS[kind].exercises:
            found = cells(models, options=DocumentOptions(kind=kind, version="student"))
            assert sum(cell["cell_type"] == "code" for cell in found) == 2 * len(models)
            assert max(executed(found)["worst"].values()) < 1e-11


@pytest.mark.parametrize("name", ["elman", "lstm", "jordan", "scalar"])
def test_the_cells_run_and_check_the_gradient(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = cells(name)
    assert sum("# Notation" in "".join(cell["source"]) for cell in found) == 1
    space = executed(found)
    assert {v.name for v in load(name).parameters} <= set(space["worst"])
    assert len(capsys.readouterr().out.splitlines()) == len(space["worst"]) > 0


def test_a_wrong_module_is_noticed() -> None:
    right, wrong = "np.multiply(h_now[chunk], h_now[chunk]", "np.multiply(h_now[chunk], 1.001 * h_now[chunk]"
    assert any(right in "".join(cell["source"]) for cell in cells("elman"))
    with pytest.raises(AssertionError):
        executed(cells("elman"), lambda text: text.replace(right, wrong))


def test_pictures_are_files_beside_the_text(tmp_path: Path) -> None:
    paths = document.write("elman", 2, tmp_path, formats=("md",), options=DocumentOptions(kind="handout"))
    text = paths[0].read_text(encoding="utf-8")
    named = re.findall(r"!\[[^\]]*\]\(<([^>]+)>\)", text)
    assert "base64" not in text and sorted(path.name for path in paths[1:]) == sorted(named) and len(named) >= 3
    assert all((tmp_path / name).read_text(encoding="utf-8").startswith("<svg") for name in named)
