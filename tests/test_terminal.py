"""Columns and lines of text."""

from __future__ import annotations

import pytest

from symbptt.terminal import WIDTH, columns, width, wrapped

ROWS = [("name", "size"), ("W", "12345"), ("W_hh", "")]


def test_columns_to_the_left_and_to_the_right() -> None:
    assert columns(ROWS) == ["  name  size", "  W     12345", "  W_hh"]
    assert columns(ROWS, left=1, indent="", gap=" ") == ["name  size", "W    12345", "W_hh"]
    assert columns(ROWS, left=0, indent="") == ["name   size", "   W  12345", "W_hh"]


def test_a_chinese_character_takes_two_columns() -> None:
    assert width("循环 W") == 6
    assert columns([("循环", "a"), ("W", "b")], indent="") == ["循环  a", "W     b"]


def test_rows_of_different_lengths_are_no_table() -> None:
    with pytest.raises(ValueError, match="zip"):
        columns([("a", "b"), ("c",)])


def test_sentences_are_broken_between_words() -> None:
    words = "word " * 40 + "w" * 100
    lines = list(wrapped(words, "  "))
    assert " ".join(line.strip() for line in lines) == words
    assert lines[0].startswith("  w") and all(line.startswith("    w") for line in lines[1:])
    assert all(len(line) <= WIDTH for line in lines[:-1]) and len(lines[-1]) == 104
    assert list(wrapped("", "  ")) == []
