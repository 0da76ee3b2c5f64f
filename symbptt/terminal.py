"""Text laid out for a terminal: columns, and sentences broken into lines."""

from collections.abc import Iterable, Iterator, Sequence
from unicodedata import east_asian_width

WIDTH = 80


def width(text: str) -> int:
    """The columns of a terminal that a text takes; a Chinese character takes two."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def columns(rows: Iterable[Sequence[str]], left: int | None = None, indent: str = "  ", gap: str = "  ") -> list[str]:
    """Rows as lines: the first `left` columns (all if None) are aligned to the left, the others to the right."""
    cells = [tuple(row) for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]

    def padded(i: int, cell: str) -> str:
        blank = " " * (widths[i] - width(cell))
        return cell + blank if left is None or i < left else blank + cell

    return [(indent + gap.join(padded(i, cell) for i, cell in enumerate(row))).rstrip() for row in cells]


def wrapped(sentence: str, indent: str) -> Iterator[str]:
    """A sentence as lines; those after the first stand two columns further to the right."""
    if not sentence:
        return
    line = indent
    for word in sentence.split(" "):
        if len(line) + len(word) > WIDTH and line.strip():
            yield line.rstrip()
            line = indent + "  "
        line += word + " "
    yield line.rstrip()
