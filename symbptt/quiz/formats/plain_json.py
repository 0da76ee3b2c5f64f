"""JSON: everything that a question is, with TeX in its texts and pictures as SVG."""

import json
from collections.abc import Sequence
from typing import Any

from symbptt import typeset
from symbptt.draw import svg
from symbptt.quiz.drawing import Quiz
from symbptt.quiz.question import Choice, Cloze, Formulas, Matching, Numerical, Option, Ordering, Part, Picture, Question, tex


def write(quizzes: Sequence[Quiz]) -> str:
    """One object with all variants."""
    return json.dumps({"schema": 1, "variants": [_quiz(quiz) for quiz in quizzes]}, indent=2, ensure_ascii=False) + "\n"


def _quiz(quiz: Quiz) -> dict[str, Any]:
    return {"title": quiz.title, "language": quiz.language, "seed": quiz.seed, "questions": list(map(_question, quiz.questions))}


def _question(question: Question) -> dict[str, Any]:
    said = {"type": type(question).__name__.lower(), "kind": question.kind, "title": tex(question.title)}
    return {**said, "body": list(map(_part, question.body)), **_answers(question)}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Formulas):
        return {"formulas": [typeset.latex(line) for line in part.lines]}
    if isinstance(part, Picture):
        return {"svg": svg.standalone(part.scene, part.title), "title": part.title}
    return {"text": tex(part)}


def _answers(question: Question) -> dict[str, Any]:
    if isinstance(question, Numerical):
        wrong = [{"value": value, "feedback": tex(said)} for value, said in question.wrong]
        return {"answer": question.answer, "tolerance": question.tolerance, "wrong": wrong}
    if isinstance(question, Choice):
        return {"options": list(map(_option, question.options))}
    if isinstance(question, Ordering):
        return {"lines": list(map(tex, question.lines))}
    if isinstance(question, Matching):
        return {"pairs": [[tex(formula), code] for formula, code in question.pairs]}
    assert isinstance(question, Cloze)
    return {"gaps": [{"box": label, "options": list(map(_option, options))} for label, options in question.gaps]}


def _option(option: Option) -> dict[str, Any]:
    return {"text": tex(option.content), "right": option.right, "feedback": tex(option.feedback)}
