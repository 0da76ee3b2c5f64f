"""Somebody's backward pass: right or wrong, the cause, the equation beside the line, and the triangle of terms (t, k)."""

import ast
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symbptt import diagnose, typeset
from symbptt.compose import Subject
from symbptt.derive.recursion import recursion
from symbptt.diagnose import function as judge
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import Finding, Suspect
from symbptt.diagnose.report import Derivation
from symbptt.errors import BadInput
from symbptt.model.place import Place
from symbptt.model.values import Model
from symbptt.narrative.backward import node_form
from symbptt.narrative.presentation import Presentation
from symbptt.web import fields, written

SECONDS = 20.0
"""Of their code, all calls together."""
PASTED = f"{written.PASTED}.py"


def bug(request: fields.Request) -> dict[str, Any]:
    """The verdict on the `code` of a request, which is Python with a function in it, or formulas, one on each line."""
    model, code = written.model(request), fields.text(request, "code")
    if not code.strip():
        raise BadInput("paste a function that returns gradients, or formulas such as dW_hh = sum(t, 1, T, da[t] @ h[t-1].T)")
    notes: tuple[str, ...] = ()
    if _is_python(code):
        found = _of_function(model, code, fields.text(request, "function"))
    else:
        plain, notes = written.with_loss(model, "a formula in place of code")
        found = _of_formulas(plain, code)
    causes = [suspect.cause for finding in found.findings for suspect in finding.suspects]
    derivation, shown = Derivation(found.model), equations(found.model) if any(cause.number for cause in causes) else {}
    return {
        "right": found.ok, "failed": found.failed, "report": str(found), "opening": list(found.opening),
        "notes": [*notes, *found.notes], "unjudged": list(found.unjudged),
        "findings": [_finding(f, derivation, shown) for f in found.findings],
    }


def _is_python(code: str) -> bool:
    """Whether a text defines a function or a class; formulas are read by the language of the models."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return any(line.startswith(("def ", "class ", "import ", "from ")) for line in code.splitlines())
    return any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) for node in tree.body)


def _of_function(model: Subject, code: str, function: str) -> Diagnosis:
    with tempfile.TemporaryDirectory(prefix="symbptt-") as folder:
        path = Path(folder) / PASTED
        path.write_text(code, encoding="utf-8", errors="replace", newline="\n")
        try:
            return judge.file(model, path, function or None, limits=diagnose.code.Limits(SECONDS))
        except BadInput as error:
            raise BadInput(str(error).replace(str(path), PASTED)) from None


def _of_formulas(model: Model, text: str) -> Diagnosis:
    rows = ((number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
    lines = {number: line for number, line in rows if line}
    return diagnose.check_formula(model, *lines.values(), places=tuple(Place(written.PASTED, line=number) for number in lines))


def equations(model: Model) -> dict[int | None, str]:
    """The equations of the backward pass as documents show them, in MathML, by their numbers; none for a model without a loss."""
    if model.loss is None:
        return {}
    section = node_form(model, Presentation(), tuple(equation.variable for equation in recursion(model).gradients))
    return {step.number: typeset.mathml(step.equation) for step in section.steps}


def _finding(finding: Finding, derivation: Derivation, shown: Mapping[int | None, str]) -> dict[str, Any]:
    """A finding as `diagnose --format json` has it, with what its causes stand beside: the equation and the right code."""
    told = finding.json()
    causes = [
        {**cause, **_beside(suspect, derivation), "mathml": shown.get(suspect.cause.number, "")}
        for cause, suspect in zip(told["causes"], finding.suspects, strict=True)
    ]
    return {**told, "causes": causes, "triangle": _triangle(finding)}


def _beside(suspect: Suspect, derivation: Derivation) -> dict[str, Any]:
    cause = suspect.cause
    lines = derivation.lines(cause.number, cause.carry)
    return {
        "sentence": cause.sentence, "remedy": cause.remedy, "equation": derivation.equation(cause.number),
        "number": cause.number, "code": lines[0] if lines else "",
    }


def _triangle(finding: Finding) -> list[dict[str, Any]]:
    """The size of the difference by term, from 0 to 1; measured where calls told the terms apart."""
    table = finding.probe.table if finding.probe else None
    sizes = table.shades if table and table.separated and table.whole and table.wrong else finding.differing
    return [{"t": t, "k": k, "size": round(float(size), 4)} for (t, k), size in sizes.items()]
