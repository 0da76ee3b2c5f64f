"""Question banks: questions that the derivation answers, with the catalogue's mistakes as wrong answers."""

from symbptt.quiz.drawing import Quiz, quiz, variants
from symbptt.quiz.files import write
from symbptt.quiz.formats import FORMATS

__all__ = ["FORMATS", "Quiz", "quiz", "variants", "write"]
__dir__ = __all__.copy
