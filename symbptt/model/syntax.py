"""The expression language, first half: text to a checked Python syntax tree. Nothing is ever evaluated.

The text is split into plain tokens before `ast` sees it, and every node of the tree is on an allow-list; lengths, nesting and
the digits of numbers are bounded.
"""

import ast
import keyword
import re
from dataclasses import dataclass

import sympy as sp

from symbptt.model import habits
from symbptt.model.place import Place

MAX_LENGTH = 2000
"""The most characters of an expression."""
MAX_DEPTH = 60
"""The deepest nesting of an expression."""
MAX_DIGITS = 40
"""The most characters of a number."""
MAX_EXPONENT = 99
"""The largest exponent in a number's scientific notation."""

_NUMBER = r"(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
_TOKEN = re.compile(rf"(?P<space>[ \t\r\n]+)|(?P<name>[A-Za-z_]\w*)|{_NUMBER}|\*\*|[<>]=?|[-+*/@()\[\]:,.=]", re.ASCII)
_PAIRS = {")": "(", "]": "["}
_ALLOWED = (
    ast.BinOp, ast.UnaryOp, ast.Call, ast.keyword, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.Load,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow, ast.USub, ast.UAdd,
    ast.Compare, ast.Gt, ast.Lt, ast.GtE, ast.LtE,
)
_PHRASES: dict[type, str] = {
    ast.Eq: "a comparison by ==",
    ast.IfExp: "'if'",
    ast.Lambda: "'lambda'",
    ast.NamedExpr: "':='",
    ast.Tuple: "a tuple",
    ast.List: "a list",
    ast.FloorDiv: "'//'",
    ast.BoolOp: "'and' or 'or'",
    ast.Not: "'not'",
    ast.Starred: "'*' before an argument",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}


@dataclass(frozen=True)
class Parsed:
    """An expression: its text, its tree and its place in the file."""

    text: str
    tree: ast.expr
    place: Place

    def at(self, node: ast.AST) -> Place:
        """The place of a node."""
        return self.place.at(max(1, getattr(node, "col_offset", 0) + 1))

    def operator(self, node: ast.BinOp) -> Place:
        """The place of an operator between its operands, where only brackets and blanks stand beside it."""
        start = node.left.end_col_offset or 0
        between = self.text[start : node.right.col_offset]
        return self.place.at(start + len(between) - len(between.lstrip(") \t\r\n")) + 1)

    def number(self, node: ast.Constant) -> sp.Rational:
        """A number exactly as written: 0.1 is 1/10."""
        return sp.Rational(self.text[node.col_offset : node.end_col_offset])


def _check_number(token: str, place: Place) -> None:
    exponent = re.split("[eE]", token)[1:]
    if len(token) > MAX_DIGITS or (exponent and len(exponent[0]) > 4) or abs(int("".join(exponent) or "0")) > MAX_EXPONENT:
        raise place.error(f"a number has at most {MAX_DIGITS} digits and an exponent of at most {MAX_EXPONENT}")


def _side_by_side(last: re.Match[str] | None, token: re.Match[str]) -> bool:
    """Whether a product is meant that has no operator: W x, (a) b, 2 x."""
    if last is None or token["space"] or keyword.iskeyword(token[0]) or keyword.iskeyword(last[0]):
        return False
    ends = bool(last["name"] or last["number"]) or last[0] in (")", "]")
    return ends and bool(token["name"] or token["number"])


def _check_tokens(text: str, place: Place) -> None:
    """Refuse characters outside the language, numbers that run into names, and brackets that do not match."""
    position, opened, before = 0, list[tuple[str, int]](), ""
    last: re.Match[str] | None = None
    while position < len(text):
        token = _TOKEN.match(text, position)
        here = place.at(position + 1)
        if token is None:
            sign = text[position]
            raise here.error(f"the character {sign!r} is not part of the language{habits.character(sign)}")
        if before == "number" and token.lastgroup in ("name", "number"):
            raise here.error(f"a number runs into {token[0][:20]!r}; expected an operator between them")
        if _side_by_side(last, token):
            raise here.error(f"expected an operator before {token[0][:20]!r}: @ for a matrix product, * entry by entry")
        if token["number"]:
            _check_number(token[0], here)
        if token[0] in _PAIRS.values():
            opened.append((token[0], position))
        elif token[0] in _PAIRS and (not opened or opened.pop()[0] != _PAIRS[token[0]]):
            raise here.error(f"{token[0]!r} closes nothing")
        if len(opened) > MAX_DEPTH:
            raise here.error(f"brackets are nested deeper than {MAX_DEPTH}")
        before, position = token.lastgroup or "", token.end()
        last = last if token["space"] else token
    if opened:
        raise place.at(opened[-1][1] + 1).error(f"{opened[-1][0]!r} is never closed")


def _tree(text: str, place: Place) -> ast.expr:
    lead = len(text) - len(text.lstrip())
    try:
        # Blanks in front of an expression would be an indentation for Python; brackets, known to match, keep the columns right.
        tree = ast.parse(f"({text[lead:]})", mode="eval").body
    except SyntaxError as error:
        column = min(max(1, (error.offset or 1) - 1 + lead), len(text))
        message = "syntax error; expected one expression such as W @ x + b"
        raise place.at(column).error(message) from None
    except (ValueError, MemoryError, RecursionError):
        raise place.error(f"the expression is nested deeper than {MAX_DEPTH}") from None
    for node in ast.walk(tree):
        if isinstance(node, (ast.expr, ast.keyword)):
            node.col_offset += lead - 1
            node.end_col_offset = (node.end_col_offset or 0) + lead - 1
    return tree


def _check_node(node: ast.AST, place: Place) -> None:
    if not isinstance(node, _ALLOWED):
        raise place.error(f"{_PHRASES.get(type(node), type(node).__name__.lower())} is not part of the language")
    if isinstance(node, ast.Constant) and (isinstance(node.value, bool) or not isinstance(node.value, (int, float))):
        raise place.error(f"{node.value!r} is not part of the language")
    if isinstance(node, ast.Attribute) and node.attr != "T":
        raise place.error(f"'.{node.attr[:20]}' is not part of the language; the only attribute is .T, the transpose")
    if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
        attribute = f"; write {node.func.attr}(...)" if isinstance(node.func, ast.Attribute) else ""
        raise place.error(f"only a function of the language can be called, by its name{attribute[:40]}")


def _children(node: ast.AST) -> list[ast.AST]:
    """The nodes below; a tuple is there only as the rows and columns of a matrix."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        return [node.value, *node.slice.elts]
    return list(ast.iter_child_nodes(node))


def _check_tree(parsed: Parsed) -> None:
    """Walk without recursion: the tree may be deep until its depth is known."""
    waiting: list[tuple[ast.AST, Place, int]] = [(parsed.tree, parsed.place.at(1), 1)]
    while waiting:
        node, place, depth = waiting.pop()
        here = parsed.at(node) if hasattr(node, "col_offset") else place
        if depth > MAX_DEPTH:
            raise here.error(f"the expression is nested deeper than {MAX_DEPTH}; name a part of it in an equation of its own")
        _check_node(node, here)
        waiting += [(child, here, depth + 1) for child in reversed(_children(node))]


def parse(text: str, place: Place) -> Parsed:
    """Parse an expression; raises BadInput, with a column, on anything outside the language."""
    if len(text) > MAX_LENGTH:
        raise place.error(f"an expression has at most {MAX_LENGTH} characters, not {len(text)}")
    if not text.strip():
        raise place.error("expected an expression such as W @ x + b, found nothing")
    _check_tokens(text, place)
    parsed = Parsed(text, _tree(re.sub(r"[\t\r\n]", " ", text), place), place)
    _check_tree(parsed)
    return parsed
