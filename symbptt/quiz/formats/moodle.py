"""Moodle XML: a category for each place of the quiz, with a question of each variant in it, from which Moodle draws at random.

The format is that of https://docs.moodle.org/en/Moodle_XML_format, with the ordering questions of Moodle 4.4.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from itertools import zip_longest
from xml.etree import ElementTree as xml

from symbptt.draw import svg
from symbptt.narrative.inline import Prose
from symbptt.narrative.presentation import Presentation
from symbptt.quiz.drawing import Quiz
from symbptt.quiz.formats.text import body, clean, html, words
from symbptt.quiz.question import Choice, Cloze, Matching, Numerical, Option, Ordering, Picture, Question

PICTURE = "graph.svg"
Node = xml.Element


def write(quizzes: Sequence[Quiz]) -> str:
    """One file with all variants."""
    root = xml.Element("quiz")
    for place, variants in enumerate(zip_longest(*(quiz.questions for quiz in quizzes)), 1):
        if len(quizzes) > 1:
            _category(root, f"{quizzes[0].title} {place:02}")
        elif place == 1:
            _category(root, quizzes[0].title)
        for quiz, question in zip(quizzes, variants, strict=True):
            if question is not None:
                _question(root, question, f"{place:02} {words(question.title)}", Presentation(quiz.language))
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=False).join(('<?xml version="1.0" encoding="UTF-8"?>\n', "\n"))


def _category(root: Node, name: str) -> None:
    node = xml.SubElement(root, "question", type="category")
    # A slash in a name is doubled: a single one opens a category inside.
    _text(xml.SubElement(node, "category"), f"$course$/top/symbptt/{clean(name).replace('/', '//')}")


def _question(root: Node, question: Question, name: str, presentation: Presentation) -> None:
    kind, fill = _KINDS[type(question)]
    node = xml.SubElement(root, "question", type=kind)
    _text(xml.SubElement(node, "name"), clean(name))
    asked = _html(node, "questiontext", body(question.body, f"@@PLUGINFILE@@/{PICTURE}"))
    for part in question.body:
        if isinstance(part, Picture):
            drawn = svg.standalone(part.scene, part.title).encode()
            xml.SubElement(asked, "file", name=PICTURE, path="/", encoding="base64").text = b64encode(drawn).decode("ascii")
    _html(node, "generalfeedback", "")
    if kind != "cloze":
        xml.SubElement(node, "defaultgrade").text = "1"
    xml.SubElement(node, "penalty").text = "0.3333333"
    xml.SubElement(node, "hidden").text = "0"
    fill(node, question, presentation)


def _text(node: Node, text: str) -> Node:
    xml.SubElement(node, "text").text = text
    return node


def _html(node: Node, name: str, text: str) -> Node:
    return _text(xml.SubElement(node, name, format="html"), text)


def _answer(node: Node, fraction: str, text: str, feedback: Prose, layout: str) -> Node:
    answer = _text(xml.SubElement(node, "answer", fraction=fraction, format=layout), text)
    _html(answer, "feedback", html(feedback))
    return answer


def _numerical(node: Node, question: Numerical, presentation: Presentation) -> None:
    for fraction, value, said in (("100", question.answer, ()), *(("0", value, said) for value, said in question.wrong)):
        answer = _answer(node, fraction, f"{value:.10g}", said, "moodle_auto_format")
        xml.SubElement(answer, "tolerance").text = f"{question.tolerance:.10g}"


def _choice(node: Node, question: Choice, presentation: Presentation) -> None:
    for name, value in (("single", "true"), ("shuffleanswers", "true"), ("answernumbering", "abc")):
        xml.SubElement(node, name).text = value
    for option in question.options:
        _answer(node, "100" if option.right else "0", html(option.content), option.feedback, "html")


def _ordering(node: Node, question: Ordering, presentation: Presentation) -> None:
    settings = {
        "layouttype": "VERTICAL", "selecttype": "ALL", "selectcount": str(len(question.lines)),
        "gradingtype": "RELATIVE_ALL_PREVIOUS_AND_NEXT", "showgrading": "SHOW",
    }
    for name, value in settings.items():
        xml.SubElement(node, name).text = value
    for place, line in enumerate(question.lines, 1):
        _answer(node, str(place), html(line), (), "html")


def _matching(node: Node, question: Matching, presentation: Presentation) -> None:
    xml.SubElement(node, "shuffleanswers").text = "true"
    for formula, code in question.pairs:
        pair = _html(node, "subquestion", html(formula))
        _text(xml.SubElement(pair, "answer"), clean(code))


def _cloze(node: Node, question: Cloze, presentation: Presentation) -> None:
    text = node.find("questiontext/text")
    assert text is not None
    gaps = (
        f"<p>{presentation.text('quiz.cloze.gap', number=label)}: {{1:MULTICHOICE_VS:{'~'.join(map(_embedded, options))}}}</p>"
        for label, options in question.gaps
    )
    text.text = "\n".join([text.text or "", *gaps])


def _embedded(option: Option) -> str:
    """An option inside of a text, where } ~ and # end it unless a backslash stands before them."""
    content, feedback = (html(part).translate(_ESCAPED) for part in (option.content, option.feedback))
    return f"{'=' * option.right}{content}#{feedback}"


_ESCAPED = str.maketrans({"}": r"\}", "~": r"\~", "#": r"\#"})
_KINDS: dict[type[Question], tuple[str, Callable[..., None]]] = {
    Numerical: ("numerical", _numerical), Choice: ("multichoice", _choice), Ordering: ("ordering", _ordering),
    Matching: ("matching", _matching), Cloze: ("cloze", _cloze),
}
"""What Moodle calls a type of question, and what fills it."""
