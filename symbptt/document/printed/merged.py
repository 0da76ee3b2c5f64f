"""The statements of the passes in one scope."""

import ast
import re
from collections.abc import Iterator
from textwrap import indent as indented

from symbptt.document.printed.simple import simple
from symbptt.emit.syntax import is_text

COLUMN = 58
"""Where the numbers stand."""


class Merged:
    """The statements of the passes in one scope."""

    def __init__(self, numbers: dict[int, str], classes: frozenset[str], shorter: bool) -> None:
        self.numbers, self.classes, self.shorter = numbers, classes, shorter
        self.parameters: list[ast.stmt] = []
        self.body: list[ast.stmt] = []
        self.result: list[str] = []
        self.seen: set[str] = set()
        self.unused: set[str] = set()
        self.known: dict[str, ast.expr] = {}

    def _simple(self, node: ast.AST) -> ast.AST:
        return simple(node, self.unused, self.classes)

    def take(self, function: ast.FunctionDef) -> None:
        """The statements of one pass."""
        for statement in function.body:
            if isinstance(statement, ast.Return):
                self._return(function.name, statement.value)
            elif not is_text(statement):
                self._statement(statement)

    def _return(self, name: str, value: ast.expr | None) -> None:
        if name == "_loss" and isinstance(value, ast.Tuple):
            loss, cotangents, direct = value.elts
            self.result = [ast.unparse(loss)]
            self.known = entries_of(cotangents)
            self.direct = entries_of(direct)
        if name == "_backward" and value is not None:
            gradients = entries_of(value)
            parts = []
            for key, gradient in gradients.items():
                whole = ast.unparse(self._simple(gradient))
                parts.append(f"{key!r}: {whole} + {ast.unparse(self.direct[key])}" if key in self.direct else f"{key!r}: {whole}")
            self.result.append("{" + ", ".join(parts) + "}")

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign) and self._setting(statement.targets[0], statement.value):
            return
        if isinstance(statement, ast.AugAssign):
            self.unused.discard(ast.unparse(statement.target))
        text = ast.unparse(statement)
        if text not in self.seen:
            self.seen.add(text)
            self.body.append(statement)

    def _setting(self, target: ast.expr, value: ast.expr) -> bool:
        """Whether an assignment is one that only serves the contract, or is kept elsewhere."""
        text, name = ast.unparse(value), ast.unparse(target)
        if "residuals[" in text or name == "dtype":
            return True
        if text == "_weight(T, N, dtype, mask, weights)":
            self._neutral(name, "np.ones((T, N, 1))")
            return True
        seed = re.match(r"_seed\(cotangents, '([^']*)', (.*), dtype\)", text)
        if seed:
            given = self.known.get(seed[1])
            if given is None:
                self._neutral(name, f"np.zeros({seed[2]})")
            elif ast.unparse(given) != name:
                self.body.append(ast.Assign([target], given, lineno=0))
            return True
        if re.fullmatch(r"np\.asarray\(parameters\['\w+'\]\)", text):
            if text not in self.seen:
                self.seen.add(text)
                self.parameters.append(ast.Assign([target], value, lineno=0))
            return True
        return False

    def _neutral(self, name: str, value: str) -> None:
        """A factor of ones or a summand of zeros: left out where it is no more than that, else set to its value."""
        if self.shorter:
            self.unused.add(name)
        self.body += ast.parse(f"{name} = {value}").body

    def _needed(self, statement: ast.stmt, later: str) -> bool:
        """Whether a neutral array is still read."""
        if not (isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in self.unused):
            return True
        return re.search(rf"\b{re.escape(ast.unparse(statement.targets[0]))}\b", later) is not None

    def lines(self) -> Iterator[str]:
        """The body of the function."""
        written = [(statement, list(self._written(statement, 4))) for statement in (*self.parameters, *self.body)]
        for i, (statement, lines) in enumerate(written):
            if self._needed(statement, "\n".join(line for _, later in written[i + 1 :] for line in later)):
                yield from lines
        yield f"    return {', '.join(self.result)}"

    def _written(self, statement: ast.stmt, indent: int) -> Iterator[str]:
        if isinstance(statement, ast.For):
            yield f"{' ' * indent}for {ast.unparse(statement.target)} in {ast.unparse(statement.iter)}:"
            for inner in statement.body:
                yield from self._written(inner, indent + 4)
            return
        if isinstance(statement, ast.If):
            yield from indented(ast.unparse(self._simple(statement)), " " * indent).splitlines()
            return
        line = " " * indent + ast.unparse(self._simple(statement))
        number = self.numbers.get(getattr(statement, "end_lineno", 0) or 0, "")
        yield f"{line:<{COLUMN}}  {number}" if number else line


def entries_of(value: ast.expr) -> dict[str, ast.expr]:
    """The values of a dict that is written out, by key."""
    assert isinstance(value, ast.Dict)
    return {str(ast.literal_eval(key)): one for key, one in zip(value.keys, value.values, strict=True) if key is not None}
