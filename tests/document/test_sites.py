"""MyST and Quarto: a page that a course site can include, with labels, references and pictures in their own syntax."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from symbptt import document
from symbptt.document import DocumentOptions
from symbptt.document.writers.site import Myst, Quarto, quoted
from symbptt.model.read import load
from symbptt.narrative.inline import Reference

KINDS = Path(__file__).parents[1] / "kinds"
CASES = [
    (("elman",), DocumentOptions(kind="handout")), (("lstm",), DocumentOptions(kind="slides", language="zh")),
    (("gated_deltanet",), DocumentOptions(kind="handout", version="student", language="zh")),
    (("elman", "lstm"), DocumentOptions(kind="compare")), (("scalar",), DocumentOptions(kind="summary")),
    ((str(KINDS / "choices.toml"),), DocumentOptions(kind="derivation", analysis="all")),
]
HOSTILE = '50% @x {{< x >}} {eq}`a` (a)= $x$ ::: ~~~ -- </script> "q" \\ 中 \x07\u2028'


def test_every_reference_leads_to_an_equation_of_the_page(tmp_path: Path) -> None:
    options = DocumentOptions(kind="handout")
    paths = document.write("elman", 2, tmp_path, ("myst", "qmd"), options=options)
    myst, qmd = (path.read_text(encoding="utf-8") for path in paths if path.suffix != ".svg")
    labels, named = re.findall(r"^:label: (\S+)$", myst, re.M), re.findall(r"\{#eq-(\S+)\}", qmd)
    assert labels == named and len(set(labels)) == len(labels) > 20
    assert set(re.findall(r"\{eq\}`([^`]+)`", myst)) == set(re.findall(r"\[-@eq-([^\]]+)\]", qmd)) <= set(labels)
    assert all(label.startswith("elman-t2-handout-teacher-") for label in labels), "another page may have the same equations"
    pictures = re.findall(r"^```\{figure\} (\S+)$", myst, re.M)
    assert pictures == re.findall(r"\]\(<([^>]+)>\)\{fig-alt=", qmd) and pictures
    assert all((tmp_path / name).is_file() for name in pictures)


def test_text_is_text() -> None:
    assert Myst().text("50% of (a)") == r"50\% of (a)" and Myst().text("(a)=") == r"\(a)="
    assert Quarto().text("a@b -- it's x^2 ...") == r"a\@b \-- it\'s x\^2 \..."
    assert quoted('a "b" \\ \x07é') == '"a \\"b\\" \\\\ \\U00000007é"'


def test_a_reference_has_one_pair_of_parentheses() -> None:
    assert Myst(stem="a_1").prose(("by (", Reference("b-C", 3), ") and ", Reference("", 4))) == "by {eq}`a-1-b-c` and 4"
    assert Quarto(stem="a_1").prose(("by (", Reference("b-C", 3), ")")) == "by ([-@eq-a-1-b-c])"


def _written(format: str, folder: Path) -> list[Path]:
    made = [path for models, options in CASES for path in document.write(models, 2, folder, (format,), options=options)]
    hostile = replace(load("elman"), name="hostile", title=HOSTILE, notes=(HOSTILE,), reference=HOSTILE, translations=())
    made += document.write(hostile, 1, folder, (format,), options=DocumentOptions(author=HOSTILE))
    return [path for path in made if path.suffix != ".svg"]


def _seen(page: str) -> str:
    """What a page of Sphinx says, formulas, listings and navigation left out."""
    body = page.partition('role="main"')[2].partition('class="sphinxsidebar"')[0]
    said = re.sub(r'<(pre)\b.*?</\1>|<(span|div) class="math.*?</\2>', "", body, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", "", said))


@pytest.mark.slow
def test_sphinx_builds_a_site_of_them_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("myst_parser")
    pages = _written("myst", tmp_path / "pages")
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser"]\nsmartquotes = False\n')
    (tmp_path / "index.md").write_text("# Course\n\n```{toctree}\n:glob:\n\npages/*\n```\n")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html", ".", "made"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for path in pages:
        text, page = path.read_text(encoding="utf-8"), (tmp_path / "made/pages" / f"{path.stem}.html").read_text(encoding="utf-8")
        labels = re.findall(r"^:label: (\S+)$", text, re.M)
        assert re.findall(r'id="equation-([^"]+)"', page) == labels
        assert re.findall(r'<span class="eqno">\((\d+)\)', page) == [str(number) for number in range(1, len(labels) + 1)]
        assert page.count("<figure") == text.count("```{figure}") and page.count("admonition-title") == text.count("{admonition}")
        if not path.name.startswith("hostile"):
            assert not re.search(r"`|\{math|\{eq|~~~|\\\w|\*\*", _seen(page)), "no mark is left"
        else:
            assert "@x {{< x >}} {eq}`a` (a)= $x$ ::: ~~~ -- </script>" in _seen(page)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(part)


@pytest.mark.slow
def test_pandoc_reads_what_quarto_reads(tmp_path: Path) -> None:
    """Quarto finds an equation in a display with {#eq-...} behind it, a reference in a citation; all else is Pandoc's."""
    pypandoc = pytest.importorskip("pypandoc")
    for path in _written("qmd", tmp_path):
        text = path.read_text(encoding="utf-8")
        read = json.loads(pypandoc.convert_text(text, "json", format="markdown", extra_args=["--fail-if-warnings"]))
        found, cited, strange, kinds = [], set(), [], []
        for node in _nodes(read):
            kinds.append(node.get("t"))
            if node.get("t") in ("Para", "Plain"):
                for shown, _, name in zip(node["c"], node["c"][1:], node["c"][2:], strict=False):
                    if shown["t"] == "Math" and shown["c"][0]["t"] == "DisplayMath" and name["t"] == "Str":
                        found += re.findall(r"^\{#(eq-[a-z0-9-]+)\}$", name["c"])
                        name["c"] = ""
            elif node.get("t") == "Cite":
                cited |= {one["citationId"] for one in node["c"][0]}
        strange = [n["c"] for n in _nodes(read) if n.get("t") == "Str" and re.search(r"[$`*{}]|:::|\\", n["c"])]
        assert found == re.findall(r"\{#(eq-\S+)\}", text) and cited <= set(found)
        assert kinds.count("Figure") == text.count("{fig-alt=") and not {"RawBlock", "RawInline"} & set(kinds)
        assert set(read["meta"]) >= {"title", "subtitle", "lang"}
        assert not strange or path.name.startswith("hostile"), "no mark is left"
        if path.name.startswith("hostile"):
            assert "{{<" in json.dumps(read["meta"]["title"]) and "Cite" not in kinds
