"""Equations are numbered without gaps, whatever is left out, and what refers to them has these numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from symbptt import document
from symbptt.document import DocumentOptions
from symbptt.document.blocks import Block, Box, Code, Columns, Document, Lines, Paragraph, Steps
from symbptt.document.numbering import numbered, numbering, reference
from symbptt.narrative.inline import Reference, math
from symbptt.narrative.values import Step

SKIP = "[parts.factors]\nskip = true\n[parts.identities]\nskip = true"


def blocks(found: tuple[Block, ...]) -> Iterator[Block]:
    for block in found:
        yield block
        if isinstance(block, Box):
            yield from blocks(block.blocks)
        if isinstance(block, Columns):
            yield from blocks(tuple(part for column in block.columns for part in column))


def steps(made: Document) -> list[Step]:
    return [step for block in blocks(made.blocks) if isinstance(block, Steps) for step in block.steps]


def made(name: str, **options: object) -> Document:
    return document.compose(name, 3, options=DocumentOptions(kind="handout", **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name, wrt", [("elman", None), ("elman", "W_hh")])
def test_there_are_no_gaps(name: str, wrt: str | None) -> None:
    found = document.compose(name, 3, wrt, DocumentOptions(kind="handout"))
    numbers = [step.number for step in steps(found) if step.number]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 15
    labels = [step.label for step in steps(found) if step.number]
    assert len(labels) == len(set(labels)) and all(re.fullmatch("[A-Za-z0-9-]+", label) for label in labels)


def test_nor_where_parts_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(SKIP)
    found = made("elman", prose=file)
    numbers = [step.number for step in steps(found) if step.number]
    assert numbers == list(range(1, len(numbers) + 1)) and not any("jacobian" in step.label for step in steps(found))


def test_code_and_notes_have_the_numbers_of_the_page() -> None:
    found = made("elman")
    by_label = {step.label: step.number for step in steps(found) if step.number}
    (code,) = [block for block in blocks(found.blocks) if isinstance(block, Code)]
    for line, label in {"a[t] = ": "forward-a", "d_a = ": "adjoint-a", "grad_W_hh +=": "gradient-W-hh"}.items():
        (shown,) = [row for row in code.text.splitlines() if row.strip().startswith(line)]
        assert f"# ({by_label[label]})" in shown
    cited = [part for block in blocks(found.blocks) if isinstance(block, Lines) for _, note in block.lines for part in note]
    references = [part for part in cited if isinstance(part, Reference)]
    assert references and all(by_label[str(part)] == part.number for part in references)


def test_a_reference_to_what_is_left_out_has_no_number() -> None:
    told, missing = Step(math("a"), number=7, label="x"), Paragraph(("see ", reference(8)))
    given = (Steps((told,)), Code("a = 1  # (7)\nb = 2  # (8)"), missing)
    first, code, last = numbered(given, numbering(given))
    assert isinstance(first, Steps) and first.steps[0].number == 1
    assert isinstance(code, Code) and code.text == "a = 1  # (1)\nb = 2" and code.numbers == {"1"}
    assert isinstance(last, Paragraph) and last.text == ("see ", "…")
