"""Question banks: questions that the derivation answers, with the catalogue's mistakes as wrong answers."""

from symbptt.quiz.drawing import Quiz, quiz, variants
from symbptt.quiz.files import write

__all__ = ["Quiz", "quiz", "variants", "write"]
__dir__ = __all__.copy
