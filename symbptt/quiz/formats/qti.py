"""QTI 2.1: a package of items, a test that names them, and a manifest, as Canvas and others import it.

The information model is that of https://www.imsglobal.org/question/qtiv2p1/imsqti_infov2p1.html.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from xml.etree import ElementTree as xml

from symbptt.draw import svg
from symbptt.narrative.inline import Prose
from symbptt.narrative.presentation import Presentation
from symbptt.quiz.drawing import Quiz
from symbptt.quiz.formats.text import body, clean, html, words
from symbptt.quiz.question import Choice, Cloze, Matching, Numerical, Ordering, Picture, Question

QTI, PACKAGE = "http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.imsglobal.org/xsd/imscp_v1p1"
MATCH = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
MAP = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"
Node = xml.Element
_ZERO = (1980, 1, 1, 0, 0, 0)
"""The time of all files of a package, so that the same quiz gives the same bytes."""


def write(quizzes: Sequence[Quiz]) -> bytes:
    """The package of one quiz."""
    (quiz,) = quizzes
    presentation, files = Presentation(quiz.language), dict[str, str]()
    for i, question in enumerate(quiz.questions, 1):
        name = f"item{i:02}"
        for part in question.body:
            if isinstance(part, Picture):
                files[f"{name}.svg"] = svg.standalone(part.scene, part.title)
        files[f"{name}.xml"] = _serialised(_item(question, name, presentation))
    items = [name for name in files if name.endswith(".xml")]
    files["test.xml"] = _serialised(_test(quiz, items))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in {"imsmanifest.xml": _serialised(_manifest(quiz, items, files)), **files}.items():
            package.writestr(zipfile.ZipInfo(name, _ZERO), text, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _serialised(node: Node) -> str:
    xml.indent(node)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(node, encoding="unicode") + "\n"


def _manifest(quiz: Quiz, items: Sequence[str], files: dict[str, str]) -> Node:
    root = Node("manifest", xmlns=PACKAGE, identifier="manifest")
    metadata = xml.SubElement(root, "metadata")
    xml.SubElement(metadata, "schema").text = "QTIv2.1 Package"
    xml.SubElement(metadata, "schemaversion").text = "1.0.0"
    xml.SubElement(root, "organizations")
    resources = xml.SubElement(root, "resources")
    test = xml.SubElement(resources, "resource", identifier="test", type="imsqti_test_xmlv2p1", href="test.xml")
    xml.SubElement(test, "file", href="test.xml")
    for name in items:
        stem = name.removesuffix(".xml")
        resource = xml.SubElement(resources, "resource", identifier=stem, type="imsqti_item_xmlv2p1", href=name)
        for file in (name, f"{stem}.svg"):
            if file in files:
                xml.SubElement(resource, "file", href=file)
        xml.SubElement(test, "dependency", identifierref=stem)
    return root


def _test(quiz: Quiz, items: Sequence[str]) -> Node:
    root = Node("assessmentTest", xmlns=QTI, identifier="test", title=clean(quiz.title))
    part = xml.SubElement(root, "testPart", identifier="part", navigationMode="nonlinear", submissionMode="simultaneous")
    section = xml.SubElement(part, "assessmentSection", identifier="section", title=clean(quiz.title), visible="true")
    for name in items:
        xml.SubElement(section, "assessmentItemRef", identifier=name.removesuffix(".xml"), href=name)
    return root


def _item(question: Question, name: str, presentation: Presentation) -> Node:
    """An item: what is answered, the score, the body, how it is scored, what is said."""
    title = words(question.title)
    root = Node("assessmentItem", xmlns=QTI, identifier=name, title=title, adaptive="false", timeDependent="false")
    inside = _inside(body(question.body, f"{name}.svg"))
    _KINDS[type(question)](root, inside, question, presentation)
    return root


def _inside(text: str) -> list[Node]:
    """The elements of a piece of HTML that is well-formed."""
    return list(xml.fromstring(f"<div>{text}</div>"))


def _into(node: Node, prose: Prose) -> Node:
    """Put words and formulas into an element."""
    node.text = xml.fromstring(f"<p>{html(prose)}</p>").text
    return node


def _response(root: Node, name: str, kind: str, cardinality: str, right: Sequence[str]) -> Node:
    node = xml.SubElement(root, "responseDeclaration", identifier=name, cardinality=cardinality, baseType=kind)
    correct = xml.SubElement(node, "correctResponse")
    for value in right:
        xml.SubElement(correct, "value").text = value
    return node


def _score(root: Node, feedback: bool = False) -> None:
    score = xml.SubElement(root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float")
    xml.SubElement(xml.SubElement(score, "defaultValue"), "value").text = "0"
    if feedback:
        xml.SubElement(root, "outcomeDeclaration", identifier="FEEDBACK", cardinality="single", baseType="identifier")


def _set(node: Node, outcome: str, kind: str, value: str) -> None:
    given = xml.SubElement(node, "setOutcomeValue", identifier=outcome)
    xml.SubElement(given, "baseValue", baseType=kind).text = value


def _said(root: Node, name: str, prose: Prose) -> None:
    feedback = xml.SubElement(root, "modalFeedback", outcomeIdentifier="FEEDBACK", identifier=name, showHide="show")
    _into(xml.SubElement(feedback, "p"), prose)


def _numerical(root: Node, inside: list[Node], question: Numerical, presentation: Presentation) -> None:
    _response(root, "RESPONSE", "float", "single", [f"{question.answer:.10g}"])
    _score(root, feedback=True)
    asked = xml.SubElement(root, "itemBody")
    asked.extend(inside)
    xml.SubElement(xml.SubElement(asked, "p"), "textEntryInteraction", responseIdentifier="RESPONSE", expectedLength="12")
    condition = xml.SubElement(xml.SubElement(root, "responseProcessing"), "responseCondition")
    for i, value in enumerate((question.answer, *(value for value, _ in question.wrong))):
        branch = xml.SubElement(condition, "responseElseIf" if i else "responseIf")
        bound = f"{question.tolerance:.10g}"
        equal = xml.SubElement(branch, "equal", toleranceMode="absolute", tolerance=f"{bound} {bound}")
        xml.SubElement(equal, "variable", identifier="RESPONSE")
        xml.SubElement(equal, "baseValue", baseType="float").text = f"{value:.10g}"
        _set(branch, *(("FEEDBACK", "identifier", f"wrong{i}") if i else ("SCORE", "float", "1")))
    for i, (_, said) in enumerate(question.wrong, 1):
        _said(root, f"wrong{i}", said)


def _choice(root: Node, inside: list[Node], question: Choice, presentation: Presentation) -> None:
    names = {f"option{i}": option for i, option in enumerate(question.options, 1)}
    _response(root, "RESPONSE", "identifier", "single", [name for name, option in names.items() if option.right])
    _score(root, feedback=True)
    asked = xml.SubElement(root, "itemBody")
    asked.extend(inside)
    choice = xml.SubElement(asked, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true", maxChoices="1")
    for name, option in names.items():
        _into(xml.SubElement(choice, "simpleChoice", identifier=name), option.content)
    processing = xml.SubElement(root, "responseProcessing")
    right = xml.SubElement(xml.SubElement(processing, "responseCondition"), "responseIf")
    match = xml.SubElement(right, "match")
    xml.SubElement(match, "variable", identifier="RESPONSE")
    xml.SubElement(match, "correct", identifier="RESPONSE")
    _set(right, "SCORE", "float", "1")
    xml.SubElement(xml.SubElement(processing, "setOutcomeValue", identifier="FEEDBACK"), "variable", identifier="RESPONSE")
    for name, option in names.items():
        if option.feedback:
            _said(root, name, option.feedback)


def _shuffled(count: int, seed: str) -> list[int]:
    """An order other than the right one, for readers that do not shuffle."""
    places = list(range(count))
    random = Random(seed)
    while places == sorted(places):
        random.shuffle(places)
    return places


def _ordering(root: Node, inside: list[Node], question: Ordering, presentation: Presentation) -> None:
    shown = _shuffled(len(question.lines), words(question.title))
    _response(root, "RESPONSE", "identifier", "ordered", [f"line{shown.index(i)}" for i in range(len(shown))])
    _score(root)
    asked = xml.SubElement(root, "itemBody")
    asked.extend(inside)
    order = xml.SubElement(asked, "orderInteraction", responseIdentifier="RESPONSE", shuffle="true")
    for place, i in enumerate(shown):
        _into(xml.SubElement(order, "simpleChoice", identifier=f"line{place}"), question.lines[i])
    xml.SubElement(root, "responseProcessing", template=MATCH)


def _matching(root: Node, inside: list[Node], question: Matching, presentation: Presentation) -> None:
    count = len(question.pairs)
    pairs = [f"equation{i} code{i}" for i in range(count)]
    response = _response(root, "RESPONSE", "directedPair", "multiple", pairs)
    mapping = xml.SubElement(response, "mapping", lowerBound="0", upperBound="1", defaultValue="0")
    for pair in pairs:
        xml.SubElement(mapping, "mapEntry", mapKey=pair, mappedValue=f"{1 / count:.6f}")
    _score(root)
    asked = xml.SubElement(root, "itemBody")
    asked.extend(inside)
    match = xml.SubElement(
        asked, "matchInteraction", responseIdentifier="RESPONSE", shuffle="true", maxAssociations=str(count)
    )
    left, right = xml.SubElement(match, "simpleMatchSet"), xml.SubElement(match, "simpleMatchSet")
    for i, (formula, _) in enumerate(question.pairs):
        _into(xml.SubElement(left, "simpleAssociableChoice", identifier=f"equation{i}", matchMax="1"), formula)
    for i in _shuffled(count, words(question.title)):
        choice = xml.SubElement(right, "simpleAssociableChoice", identifier=f"code{i}", matchMax="1")
        choice.text = clean(question.pairs[i][1])
    xml.SubElement(root, "responseProcessing", template=MAP)


def _cloze(root: Node, inside: list[Node], question: Cloze, presentation: Presentation) -> None:
    names = [f"BOX{label}" for label, _ in question.gaps]
    for name, (_, options) in zip(names, question.gaps, strict=True):
        _response(root, name, "identifier", "single", [f"option{i}" for i, option in enumerate(options) if option.right])
    _score(root)
    asked = xml.SubElement(root, "itemBody")
    asked.extend(inside)
    processing = Node("responseProcessing")
    for name, (label, options) in zip(names, question.gaps, strict=True):
        line = xml.SubElement(asked, "p")
        line.text = f"{presentation.text('quiz.cloze.gap', number=label)}: "
        gap = xml.SubElement(line, "inlineChoiceInteraction", responseIdentifier=name, shuffle="true")
        for i, option in enumerate(options):
            xml.SubElement(gap, "inlineChoice", identifier=f"option{i}").text = words(option.content)
        right = xml.SubElement(xml.SubElement(processing, "responseCondition"), "responseIf")
        match = xml.SubElement(right, "match")
        xml.SubElement(match, "variable", identifier=name)
        xml.SubElement(match, "correct", identifier=name)
        total = xml.SubElement(xml.SubElement(right, "setOutcomeValue", identifier="SCORE"), "sum")
        xml.SubElement(total, "variable", identifier="SCORE")
        xml.SubElement(total, "baseValue", baseType="float").text = f"{1 / len(names):.6f}"
    root.append(processing)


_KINDS: dict[type[Question], Callable[..., None]] = {
    Numerical: _numerical, Choice: _choice, Ordering: _ordering, Matching: _matching, Cloze: _cloze,
}
"""What fills the item of a type of question."""
