"""The tools, as functions from JSON to JSON. A model is the name of a built-in one, or the text of a model file.

What a tool returns is what the command of its name prints with `--format json`; the schemas are in docs/schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from symbptt import derive as deriving
from symbptt import diagnose as diagnosing
from symbptt import emit as emitting
from symbptt import narrative, unroll
from symbptt import verify as verifying
from symbptt.data.wrt import asked
from symbptt.diagnose.submission import mapping as mappings
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import differentiable, from_text, load
from symbptt.model.values import Model
from symbptt.resources import model_names

Tool = Callable[..., dict[str, Any]]
_FORMS: dict[str, Callable[..., Any]] = {"sum": deriving.gradient, "nested": deriving.sensitivities}
_SECONDS = 20.0


def _model(given: str) -> Model:
    """A built-in model by name, or that of a text; no path is followed."""
    if given in model_names():
        return load(given)
    if "\n" not in given:
        raise UnknownName("model", given, model_names(), "expected a built-in name or the text of a model file")
    return from_text(given, "model")


def derive(
    model: str, T: int = 3, wrt: list[str] | None = None, form: Literal["sum", "adjoint", "nested"] = "sum"
) -> dict[str, Any]:
    """Derive the gradient of a recurrence over T steps: as a sum of products, a backward recursion or a nested recursion.

    `model` is a built-in name (elman, lstm, gru, ...) or the text of a TOML model file with [inputs], [states], [parameters],
    [targets], [equations] and [loss]; `wrt` names variables, all parameters if left out.
    """
    known = differentiable(_model(model))
    graph, names = unroll.steps(known, T), [v.name for v in asked(known, tuple(wrt) if wrt else None)]
    if form == "adjoint":
        system = deriving.adjoints(graph)
        results = [replace(system, gradients=tuple(g for g in system.gradients if g.variable.name in names))]
    else:
        results = [_FORMS[form](graph, wrt=name) for name in names]
    made = [narrative.json(result) for result in results]
    return made[0] if len(made) == 1 else {"schema": 1, "model": known.name, "T": T, "form": form, "results": made}


def check_formula(model: str, formula: str) -> dict[str, Any]:
    """Check a formula for a gradient or an adjoint, such as "dW_hh = sum(t, 1, T, da[t] @ h[t-1].T)", and repair it.

    d(u, v) is the immediate derivative, D(u, v) the total one, dh[t] the derivative of the loss in the shape of h. A wrong
    formula gets its cause and the right line.
    """
    return diagnosing.formulas(_model(model), (formula,)).json()


def diagnose(
    model: str, code: str, function: str | None = None, mapping: dict[str, Any] | None = None, wrt: list[str] | None = None
) -> dict[str, Any]:
    """Say which gradients of a hand-written backward pass are wrong, and why. The code runs in a guarded process.

    `code` is a Python module with NumPy, `function` what returns the gradients (guessed if left out), `mapping` what its names
    stand for, `wrt` the gradients that are asked for.
    """
    known = _model(model)
    table = mappings.table(mapping, known) if mapping is not None else None
    with TemporaryDirectory(prefix="symbptt-") as folder:
        path = Path(folder, "code.py")
        path.write_text(code, encoding="utf-8", errors="backslashreplace")
        found = diagnosing.code.file(known, path, function, table, diagnosing.code.Limits(_SECONDS), wrt or ())
    return found.json() | {"report": str(found)}


def verify(model: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Verify gradients against independent routes: those of a model's emitted code, or of an emitted module given as `code`.

    Give one of the two. A module runs in a guarded process.
    """
    if (model is None) == (code is None):
        raise BadInput("verify: give either a model or the code of an emitted module")
    if model is not None:
        return verifying.gradients(_model(model)).json()
    with TemporaryDirectory(prefix="symbptt-") as folder:
        path = Path(folder, "code.py")
        path.write_text(str(code), encoding="utf-8", errors="backslashreplace")
        return verifying.file(path).json()


def emit(
    model: str, backend: Literal["numpy", "jax", "torch"] = "numpy", wrt: list[str] | None = None,
    style: Literal["plain", "fast"] = "plain",
) -> dict[str, Any]:
    """Emit verified code for the forward pass and the gradients of a recurrence, each line with its equation number."""
    names = "all" if wrt == ["all"] else tuple(wrt) if wrt else None
    source = emitting.source(_model(model), backend=backend, wrt=names, style=style if backend == "numpy" else None)
    return {"schema": 1, "path": source.path, "text": source.text}


TOOLS: tuple[Tool, ...] = (derive, check_formula, diagnose, verify, emit)
"""Another tool is another function here: its arguments are described by their types, it by its docstring."""
