"""Quizzes, drawn once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import symbptt
from symbptt.model.read import load
from symbptt.quiz import Quiz

KINDS = sorted((Path(__file__).resolve().parents[1] / "kinds").glob("*.toml"))


@cache
def drawn(name: str, seed: int = 0, language: str = "en", count: int = 20) -> Quiz:
    """A quiz about a built-in model or a model file."""
    return symbptt.quiz.quiz(load(name), count, seed, language)
