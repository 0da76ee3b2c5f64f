"""The part of an emitted module that carries equation numbers: the passes, without helpers and self-check."""

import ast
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from symbptt import emit
from symbptt.model.values import Model, Variable
from symbptt.narrative.story import variables

NUMBER = re.compile(r"# (.*)\((\d+)\)")
_ALSO = frozenset({"value_and_grad"})
_JOINING = frozenset({"_forward", "_backward", "_memory", "_from_memory", "_at_end"})
_HANDS = re.compile(r"_(?:given|take)_\d+")
"""The functions of a composed module that call the parts, give them their values and take their gradients."""


def command(model: Model, wrt: tuple[Variable, ...], T: int) -> str:
    """What writes the whole module."""
    names = "all" if wrt == variables(model, "all") else ",".join(v.name for v in wrt)
    straight = "" if emit.loops(model) else f"-T {T} --unroll"
    parts = ("symbptt emit", model.name, model.options, straight, "" if wrt == model.parameters else f"--wrt {names}")
    return " ".join(part for part in parts if part)


def module(model: Model, names: tuple[str, ...] | str | None, T: int, style: str | None = None) -> str:
    """What that command writes: loops, or straight-line code where no array tells T."""
    return emit.source(model, wrt=names, T=T, unroll=not emit.loops(model), style=style).text


def called(code: str, bodies: Mapping[str, str]) -> set[str]:
    """The functions that a text needs, and those that they need, of the given ones by name."""
    found, waiting = set[str](), [code]
    while waiting:
        names = {node.id for node in ast.walk(ast.parse(waiting.pop())) if isinstance(node, ast.Name)}
        new = (names & bodies.keys()) - found
        found |= new
        waiting += [bodies[name] for name in new]
    return found


@lru_cache(maxsize=16)
def functions(model: Model, wrt: tuple[Variable, ...], T: int) -> str:
    """The source of every function with a numbered line, and of `value_and_grad`, in the order of the file."""
    text = module(model, tuple(v.name for v in wrt), T, "plain")
    lines = text.splitlines()
    made: list[str] = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            body = lines[node.lineno - 1 : node.end_lineno]
            if node.name in _ALSO or any(NUMBER.search(line) for line in body):
                made.append("\n".join(body))
    return "\n\n\n".join(made) + "\n"


def renumbered(text: str, before: Sequence[int]) -> str:
    """A composed module in which the numbers of each part go on behind `before`."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and (part := re.search(r"_(\d+)$", node.name)):
            for i in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[i] = _behind(lines[i], before[int(part[1]) - 1])
    return "\n".join(lines) + "\n"


def composed(text: str, before: Sequence[int]) -> str:
    """Of a composed module the functions that call the parts, and the numbered ones of each part, whose numbers go on behind
    `before`."""
    text = renumbered(text, before)
    lines = text.splitlines()
    made: list[str] = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            body = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            numbered = NUMBER.search(body) and re.search(r"_\d+$", node.name)
            if numbered or node.name in _ALSO | _JOINING or _HANDS.fullmatch(node.name):
                made.append(body)
    return re.sub(r" {3,}(?=# \()", "  ", "\n\n\n".join(made)) + "\n"


def _behind(body: str, before: int) -> str:
    def shifted(match: re.Match[str]) -> str:
        return re.sub(r"\((\d+)\)", lambda own: f"({int(own[1]) + before})", match[0])

    return re.sub(NUMBER.pattern, shifted, body)
