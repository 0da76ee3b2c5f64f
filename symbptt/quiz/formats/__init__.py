"""The formats of question banks: the ending of the file, what writes it, and whether one file holds all variants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from symbptt.quiz.drawing import Quiz
from symbptt.quiz.formats import latex, moodle, plain_json, qti


@dataclass(frozen=True)
class Format:
    """A format; without `together` there is a file for each variant."""

    suffix: str
    write: Callable[[Sequence[Quiz]], str | bytes]
    together: bool = True


FORMATS: dict[str, Format] = {
    "moodle": Format("xml", moodle.write), "qti": Format("zip", qti.write, together=False),
    "latex": Format("tex", latex.write, together=False), "json": Format("json", plain_json.write),
}
"""Another format is another row."""
