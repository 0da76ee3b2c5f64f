"""The files: well-formed, in the structure that the specifications ask for, and read back with what was asked in them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest

import symbptt
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import from_text, load
from symbptt.quiz.formats import FORMATS, moodle, plain_json, qti
from symbptt.quiz.formats.text import clean, html
from symbptt.quiz.question import Choice, Cloze, Matching, Numerical, Ordering

from .conftest import drawn

IMS = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
CP = "{http://www.imsglobal.org/xsd/imscp_v1p1}"
PARTS = ("responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback")
"""The parts of an item in the order of the schema."""


def questions(text: str) -> list[xml.Element]:
    return [q for q in xml.fromstring(text) if q.get("type") != "category"]


def text_of(node: xml.Element, path: str) -> str:
    found = node.find(path)
    assert found is not None and found.text is not None, path
    return found.text


@pytest.mark.slow
def test_moodle_holds_every_question_with_its_answers() -> None:
    quiz = drawn("elman")
    nodes = questions(moodle.write([quiz]))
    assert len(nodes) == len(quiz.questions)
    for node, question in zip(nodes, quiz.questions, strict=True):
        assert text_of(node, "name/text") and node.find("questiontext").get("format") == "html"  # type: ignore[union-attr]
        answers = node.findall("answer")
        if isinstance(question, Numerical):
            assert float(text_of(answers[0], "text")) == pytest.approx(question.answer)
            assert float(text_of(answers[0], "tolerance")) == question.tolerance
            assert [a.get("fraction") for a in answers] == ["100"] + ["0"] * len(question.wrong)
        elif isinstance(question, Choice):
            assert text_of(node, "single") == "true"
            assert [a.get("fraction") == "100" for a in answers] == [option.right for option in question.options]
        elif isinstance(question, Ordering):
            assert node.get("type") == "ordering" and [a.get("fraction") for a in answers] == ["1", "2", "3", "4"][: len(answers)]
        elif isinstance(question, Matching):
            pairs = node.findall("subquestion")
            assert [text_of(pair, "answer/text") for pair in pairs] == [code for _, code in question.pairs]


def test_a_gap_of_moodle_reads_back() -> None:
    """By the grammar of embedded answers: } ~ and # are escaped inside, = marks the right one, # begins the feedback."""
    quiz = drawn("elman")
    question = next(q for q in quiz.questions if isinstance(q, Cloze))
    node = next(q for q in questions(moodle.write([quiz])) if q.get("type") == "cloze")
    gaps = re.findall(r"\{1:MULTICHOICE_VS:((?:[^}\\]|\\.)*)\}", text_of(node, "questiontext/text"), re.S)
    assert len(gaps) == len(question.gaps)
    for gap, (_, options) in zip(gaps, question.gaps, strict=True):
        parts = re.split(r"(?<!\\)~", gap)
        read = [re.split(r"(?<!\\)#", part)[0] for part in parts]
        assert [part.startswith("=") for part in read] == [option.right for option in options]
        plain = [re.sub(r"\\([}~#])", r"\1", part.removeprefix("=")) for part in read]
        assert plain == [html(option.content) for option in options]


def test_pictures_travel_with_their_questions() -> None:
    quiz = drawn("elman")
    node = next(q for q in questions(moodle.write([quiz])) if q.find("questiontext/file") is not None)
    file = node.find("questiontext/file")
    assert file is not None and f"@@PLUGINFILE@@/{file.get('name')}" in text_of(node, "questiontext/text")
    drawing = b64decode(file.text or "").decode()
    assert xml.fromstring(drawing).tag.endswith("svg") and "delta" not in drawing and "δ" not in drawing
    names = zipfile.ZipFile(io.BytesIO(qti.write([quiz]))).namelist()
    assert any(name.endswith(".svg") for name in names)


def test_variants_share_categories() -> None:
    both = symbptt.quiz.variants(load("elman"), 2, count=3)
    root = xml.fromstring(moodle.write(both))
    assert [q.get("type") == "category" for q in root] == [True, False, False] * 3
    assert len(json.loads(plain_json.write(both))["variants"]) == 2


@pytest.mark.parametrize("name", ["elman", pytest.param("lstm", marks=pytest.mark.slow)])
def test_a_package_is_what_the_specification_asks_for(name: str) -> None:
    quiz = drawn(name)
    package = zipfile.ZipFile(io.BytesIO(qti.write([quiz])))
    manifest = xml.fromstring(package.read("imsmanifest.xml"))
    assert [child.tag for child in manifest] == [CP + "metadata", CP + "organizations", CP + "resources"]
    listed = {file.get("href") for file in manifest.iter(CP + "file")}
    assert listed == set(package.namelist()) - {"imsmanifest.xml"}
    resources = {r.get("identifier"): r for r in manifest.iter(CP + "resource")}
    assert {d.get("identifierref") for d in manifest.iter(CP + "dependency")} == resources.keys() - {"test"}
    test = xml.fromstring(package.read("test.xml"))
    items = [ref.get("href") for ref in test.iter(IMS + "assessmentItemRef")]
    assert len(items) == len(quiz.questions)
    for href, question in zip(items, quiz.questions, strict=True):
        _item(xml.fromstring(package.read(href or "")), question)


def _item(item: xml.Element, question: object) -> None:
    """The order of the parts, and that what is named is declared."""
    tags = [child.tag.removeprefix(IMS) for child in item]
    assert tags == sorted(tags, key=PARTS.index) and {"responseDeclaration", "itemBody", "responseProcessing"} <= set(tags)
    declared = {r.get("identifier") for r in item.iter(IMS + "responseDeclaration")}
    used = {node.get("responseIdentifier") for node in item.iter() if node.get("responseIdentifier")}
    assert used == declared
    choices = {node.get("identifier") for node in item.iter() if node.tag.endswith(("Choice",))}
    right = [value.text or "" for value in item.iter(IMS + "value")]
    if isinstance(question, (Choice, Ordering, Cloze)):
        assert set(right) - {"0"} <= choices
    feedback = {node.get("identifier") for node in item.iter(IMS + "modalFeedback")}
    assert not feedback or isinstance(question, (Choice, Numerical))


def test_a_sheet_leaves_answers_for_its_last_pages(tmp_path: Path) -> None:
    quiz = drawn("elman", 0, "zh")
    (path,) = symbptt.quiz.write([quiz], tmp_path, "latex")
    asked, answers = path.read_text(encoding="utf-8").split("\\clearpage")
    assert path.name == "elman_quiz_zh_0.tex" and "ctex" in asked and "答案" in answers
    assert asked.count("\\question{") == len(quiz.questions)


@pytest.mark.tex
@pytest.mark.parametrize(("name", "language"), [("elman", "en"), ("lstm", "zh")])
def test_a_sheet_compiles(name: str, language: str) -> None:
    from symbptt.document import pdf
    from symbptt.quiz.formats import latex

    assert pdf.typeset(latex.write([drawn(name, 0, language)])).startswith(b"%PDF")


HOSTILE = r'''
title = "</text>]]><script>alert(1)</script> & {1:SHORTANSWER:=x} $\\input{/etc/passwd}$"
[states]
s = ""
[parameters]
w = ""
[targets]
y = ""
[equations]
s = "tanh(w * s[t-1])"
[loss]
step = "squared_error(s, y)"
[symbols]
w = {description = {en = "</p><script>alert(2)</script>"}}
'''


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_in_a_model_file_escapes(form: str) -> None:
    quiz = symbptt.quiz.quiz(from_text(HOSTILE, "hostile.toml"), 6)
    made = FORMATS[form].write([quiz])
    if isinstance(made, bytes):
        package = zipfile.ZipFile(io.BytesIO(made))
        for name in package.namelist():
            assert not [n for n in xml.fromstring(package.read(name)).iter() if n.tag.endswith("script")]
    elif form == "moodle":
        root = xml.fromstring(made)
        shown = [text for tag in ("questiontext", "answer", "feedback") for n in root.iter(tag) for text in n.itertext()]
        assert not list(root.iter("script")) and "<script" not in "".join(shown)
    elif form == "latex":
        assert "\\input{/etc" not in made
    else:
        assert json.loads(made)


def test_characters_that_xml_lacks_are_left_out() -> None:
    assert clean("a\x01b\ud800c\td") == "abc\td"


def test_files_are_written_once(tmp_path: Path) -> None:
    quizzes = symbptt.quiz.variants(load("elman"), 2, count=2)
    assert [p.name for p in symbptt.quiz.write(quizzes, tmp_path, "qti")] == ["elman_quiz_0.zip", "elman_quiz_1.zip"]
    assert [p.name for p in symbptt.quiz.write(quizzes, tmp_path, "moodle")] == ["elman_quiz_0-1.xml"]
    with pytest.raises(BadInput, match="exists already"):
        symbptt.quiz.write(quizzes, tmp_path, "moodle")
    with pytest.raises(UnknownName, match="moodle, qti"):
        symbptt.quiz.write(quizzes, tmp_path, "gift")


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_the_same_again(form: str) -> None:
    quiz = drawn("elman")
    assert FORMATS[form].write([quiz]) == FORMATS[form].write([quiz])
