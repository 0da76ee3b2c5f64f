"""Texts from a model as Python literals and docstrings that no text can leave."""

from symbptt.model.values import Variable

WIDTH = 100
"""Longer literals go over several lines."""


def literal(names: tuple[str, ...]) -> str:
    """A tuple of names as a Python literal."""
    return repr(names).replace("'", '"')


def shapes(variables: tuple[Variable, ...]) -> str:
    """A table name -> shape as a literal, one entry a line if it is long."""
    entries = [f"{v.name!r}: {v.shape!r}".replace("'", '"') for v in variables]
    line = "{" + ", ".join(entries) + "}"
    return line if len(line) < WIDTH else "{\n" + "".join(f"    {entry},\n" for entry in entries) + "}"


def file_literal(text: str) -> str:
    """The model file as a triple-quoted literal."""
    if not text:
        return '""'
    safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\\\n{safe}"""' if safe.endswith("\n") else f'"""\\\n{safe}\n"""'


def docstring(text: str) -> str:
    """A text on one line of a docstring."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', "'")
