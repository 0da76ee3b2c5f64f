"""The function: the passes of the emitted module in the plain style, in one scope, and the helpers that they need.

The lines are those of the module, with the numbers of their equations. What serves the module's contract is left out or said
shorter: cotangents from outside, weights and masks, the precision of what is given, checks of shapes.
"""

import ast
import re
from functools import lru_cache
from typing import Any

import numpy as np

from symbptt import emit
from symbptt.data.classes import class_targets
from symbptt.data.random_values import random
from symbptt.document.listing import NUMBER, called
from symbptt.document.printed.lines import together, wrapped
from symbptt.document.printed.merged import Merged
from symbptt.guard.caught import Caught
from symbptt.model.values import Model, Variable
from symbptt.verify.load import resolve

PASSES = ("_forward", "_loss", "_backward")
_HEAD = 'def value_and_grad(parameters, inputs, targets, states=None):\n    """Returns the loss and the gradients by name."""\n'


@lru_cache(maxsize=16)
def printed(model: Model, wrt: tuple[Variable, ...]) -> str | None:
    """The function and its helpers, without ones and zeros where they may go; None where the model has no loop over its steps.

    What is printed was run, and gave the loss and the gradients of the emitted module.
    """
    if not emit.loops(model) or model.loss is None:
        return None
    return next((code for code in (_composed(model, wrt, True), _composed(model, wrt, False)) if _agrees(model, wrt, code)), None)


def _source(model: Model, wrt: tuple[Variable, ...]) -> emit.SourceFile:
    return emit.source(model, wrt=tuple(v.name for v in wrt), style="plain")


def _agrees(model: Model, wrt: tuple[Variable, ...], code: str) -> bool:
    """Whether a text, which is lines of the emitted module, computes what that computes; not if it ends in an error."""
    data, space = random(model, T=2, N=2, seed=5), dict[str, Any]()
    expected = resolve(_source(model, wrt), model)
    with np.errstate(all="ignore"):
        whole, parts = expected.value(data).real, expected.gradients(data)
        with Caught():
            exec(compile(code, "printed", "exec"), space)
            loss, gradients = space["value_and_grad"](*data.groups)
            fits = all(np.allclose(gradients[v.name], parts[v.name], rtol=1e-9, atol=1e-12, equal_nan=True) for v in wrt)
            return fits and bool(np.allclose(loss, whole, rtol=1e-9, equal_nan=True))
    return False


def _composed(model: Model, wrt: tuple[Variable, ...], shorter: bool) -> str:
    text = _source(model, wrt).text
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    numbers = {i: match[0] for i, line in enumerate(text.splitlines(), 1) if (match := re.search(rf"{NUMBER.pattern}.*", line))}
    body = Merged(numbers, frozenset(class_targets(model)), shorter)
    for name in PASSES:
        body.take(functions[name])
    lines = [part for line in together(list(body.lines())) for part in wrapped(line)]
    code = "\n".join(("import numpy as np\n\n", _HEAD + "\n".join(lines)))
    bodies = {name: ast.unparse(_bare(node)) for name, node in functions.items()}
    needed = called(code, bodies)
    helpers = "".join(f"\n\n{body}" for name, body in bodies.items() if name in needed)
    return code + "\n".join(part for line in helpers.split("\n") for part in wrapped(line)) + "\n"


def _bare(node: ast.FunctionDef) -> ast.FunctionDef:
    """A function without its docstring."""
    kept = node.body[1:] if ast.get_docstring(node) else node.body
    return ast.FunctionDef(node.name, node.args, kept, [], None, lineno=0)
