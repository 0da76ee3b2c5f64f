"""LaTeX: a sheet of questions, the answers on a page of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase

from symbptt import typeset
from symbptt.document.writers.latex import Latex
from symbptt.narrative.presentation import Presentation
from symbptt.quiz.drawing import Quiz
from symbptt.quiz.question import Choice, Cloze, Formulas, Matching, Numerical, Ordering, Part, Picture, Question, tex
from symbptt.template import template

Labelled = tuple[str, str]


@dataclass(frozen=True)
class Written:
    """A question as finished strings: what is chosen from, the answer, and what is said of wrong answers."""

    title: str
    body: tuple[str, ...]
    choices: tuple[Labelled, ...] = ()
    answer: str = ""
    remarks: tuple[Labelled, ...] = ()


def write(quizzes: Sequence[Quiz]) -> str:
    """The sheet of one quiz, for pdflatex, or in Chinese for xelatex."""
    (quiz,) = quizzes
    writer, presentation = Latex(quiz.language), Presentation(quiz.language)
    return template("latex/quiz.tex.jinja").render(
        title=writer.text(presentation.text("quiz.sheet.title", title=quiz.title)), seed=quiz.seed, language=quiz.language,
        answers=writer.text(presentation.text("quiz.sheet.answers")),
        questions=[_written(question, writer) for question in quiz.questions],
    )


def _written(question: Question, writer: Latex) -> Written:
    title = writer.prose(question.title)
    body = tuple(text for part in question.body for text in _part(part, writer))
    if isinstance(question, Numerical):
        remarks = tuple((f"${value:.4g}$", writer.prose(said)) for value, said in question.wrong)
        bound = f" \\pm {question.tolerance:g}" if question.tolerance else ""
        return Written(title, body, (), f"${question.answer:.6g}{bound}$", remarks)
    if isinstance(question, Choice):
        labelled = list(zip(ascii_lowercase, question.options, strict=False))
        choices = tuple((label, writer.prose(option.content)) for label, option in labelled)
        remarks = tuple((label, writer.prose(option.feedback)) for label, option in labelled if option.feedback)
        return Written(title, body, choices, next(f"({label})" for label, option in labelled if option.right), remarks)
    if isinstance(question, Cloze):
        return Written(title, body, tuple(_gaps(question, writer)), ", ".join(_right(question)))
    return _in_order(question, title, body, writer)


def _part(part: Part, writer: Latex) -> Iterator[str]:
    if isinstance(part, Formulas):
        yield "\n".join(rf"\displayed{{{typeset.latex(line)}}}" for line in part.lines)
    elif isinstance(part, Picture):
        yield rf"\fittedpicture{{{writer.drawing(part.scene, part.title)}}}"
    else:
        yield writer.prose(part)


def _gaps(question: Cloze, writer: Latex) -> Iterator[Labelled]:
    for label, options in question.gaps:
        for letter, option in zip(ascii_lowercase, options, strict=False):
            yield f"{label}{letter}", writer.prose(option.content)


def _right(question: Cloze) -> Iterator[str]:
    for label, options in question.gaps:
        yield from (f"({label}{letter})" for letter, option in zip(ascii_lowercase, options, strict=False) if option.right)


def _in_order(question: Question, title: str, body: tuple[str, ...], writer: Latex) -> Written:
    """Lines to be put in order, or formulas and lines of code to be matched."""
    if isinstance(question, Ordering):
        places = list(range(len(question.lines)))
        Random(tex(question.title)).shuffle(places)
        choices = tuple((ascii_lowercase[i], writer.prose(question.lines[place])) for i, place in enumerate(places))
        return Written(title, body, choices, ", ".join(ascii_lowercase[places.index(i)] for i in range(len(places))))
    assert isinstance(question, Matching)
    places = list(range(len(question.pairs)))
    Random(tex(question.title)).shuffle(places)
    left = [(str(i), writer.prose(formula)) for i, (formula, _) in enumerate(question.pairs, 1)]
    right = [(ascii_lowercase[i], writer.typed(question.pairs[place][1])) for i, place in enumerate(places)]
    answer = ", ".join(f"{i + 1}{ascii_lowercase[places.index(i)]}" for i in range(len(places)))
    return Written(title, body, (*left, *right), answer)
