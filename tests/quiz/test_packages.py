"""QTI packages by other people's rules: the schema, where it is at hand, and a library that reads packages.

The schema is that of 1EdTech, imsqti_v2p1p2.xsd with what it imports beside it; the variable SYMBPTT_QTI_XSD says where it is.
"""

from __future__ import annotations

import io
import os
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from symbptt.model.read import names
from symbptt.quiz.formats import qti
from symbptt.quiz.question import Choice, Cloze, Matching, Numerical, Ordering, Question

from .conftest import KINDS, drawn

SCHEMA = os.environ.get("SYMBPTT_QTI_XSD", "")
QTI3 = "{http://www.imsglobal.org/xsd/imsqtiasi_v3p0}"
READ: dict[type[Question], tuple[str, str]] = {
    Numerical: ("qti-text-entry-interaction", ""), Choice: ("qti-choice-interaction", "qti-simple-choice"),
    Ordering: ("qti-order-interaction", "qti-simple-choice"), Cloze: ("qti-inline-choice-interaction", "qti-inline-choice"),
    Matching: ("qti-match-interaction", "qti-simple-associable-choice"),
}
"""What a reader finds for a type of question: the interaction, and what is chosen from in it."""


@cache
def schema() -> Any:
    etree = pytest.importorskip("lxml.etree")
    return etree.XMLSchema(etree.parse(SCHEMA, etree.XMLParser(no_network=True)))


@pytest.mark.long
@pytest.mark.skipif(not SCHEMA, reason="SYMBPTT_QTI_XSD names no schema")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", [*names(), *map(str, KINDS)])
def test_every_item_is_valid(name: str, language: str) -> None:
    etree, rules = pytest.importorskip("lxml.etree"), schema()
    package = zipfile.ZipFile(io.BytesIO(qti.write([drawn(name, 0, language)])))
    for file in set(package.namelist()) - {"imsmanifest.xml"}:
        if file.endswith(".xml"):
            assert rules.validate(etree.fromstring(package.read(file))), (file, rules.error_log)


@pytest.mark.parametrize("name", ["elman", pytest.param("lstm", marks=pytest.mark.slow)])
def test_a_package_is_read_back(name: str, tmp_path: Path) -> None:
    """By the converter to QTI 3, which reads manifest, test and items, and writes what it understood."""
    reader = pytest.importorskip("qti_convert", reason="citolab-qti-convert is not installed")
    etree = pytest.importorskip("lxml.etree")
    quiz = drawn(name)
    (tmp_path / "quiz.zip").write_bytes(qti.write([quiz]))
    reader.upgrade_package(tmp_path / "quiz.zip", tmp_path / "read.zip")
    read = zipfile.ZipFile(tmp_path / "read.zip")
    for i, question in enumerate(quiz.questions, 1):
        item = etree.fromstring(read.read(f"item{i:02}.xml"))
        assert item.tag == f"{QTI3}qti-assessment-item"
        interaction, choice = READ[type(question)]
        found = list(item.iter(QTI3 + interaction))
        assert len(found) == (len(question.gaps) if isinstance(question, Cloze) else 1)
        if isinstance(question, (Choice, Ordering)):
            texts = [node.text for node in item.iter(QTI3 + choice)]
            assert len(texts) == len(question.options if isinstance(question, Choice) else question.lines) and all(texts)
        if isinstance(question, Matching):
            assert len(list(item.iter(QTI3 + choice))) == 2 * len(question.pairs)
        if isinstance(question, Numerical):
            right = next(item.iter(QTI3 + "qti-correct-response"))
            assert float(right[0].text) == pytest.approx(question.answer)
