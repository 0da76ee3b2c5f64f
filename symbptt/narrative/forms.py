"""The three forms of a gradient on their own, as text, LaTeX and JSON."""

from functools import singledispatch
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra import tidy
from symbptt.derive import AdjointSystem, Gradient, Routes, Sensitivities
from symbptt.derive.adjoint import AdjointEquation, GradientEquation
from symbptt.derive.factors import Block, Factor, Kind
from symbptt.derive.recursion import recursion
from symbptt.derive.sweep import Contribution
from symbptt.errors import MissingRule
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import backward, forward, jacobians, nested, paths, products, symbols
from symbptt.narrative.inline import Prose, plain
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.narrative.values import Section, Step
from symbptt.terminal import width
from symbptt.typeset.tree import Tree

Result = Gradient | AdjointSystem | Sensitivities | Routes | Model
"""What can be told: a form, single routes, or for a model the factors that all terms of the sum of products share."""
SCHEMA = 1
SYMBOLS = 2000
"""Symbols up to which the JSON of a term has its product; its factors are there in any case."""


@singledispatch
def _sections(result: Any, presentation: Presentation) -> tuple[Section, ...]:
    raise MissingRule("derivation", result, "symbptt/narrative/forms.py")


@_sections.register
def _sum(result: Gradient, presentation: Presentation) -> tuple[Section, ...]:
    return products.sections(result.graph, presentation, (result.parameter,))


@_sections.register
def _factors(model: Model, presentation: Presentation) -> tuple[Section, ...]:
    recurrent = (jacobians.state_jacobian(model, presentation),) if forward.is_recurrent(model) else ()
    return (*recurrent, *((jacobians.loss_gradient(model, presentation),) if model.states and model.loss else ()))


@_sections.register
def _routes(result: Routes, presentation: Presentation) -> tuple[Section, ...]:
    return (paths.section(result, presentation),)


@_sections.register
def _adjoint(result: AdjointSystem, presentation: Presentation) -> tuple[Section, ...]:
    model = result.graph.model
    leaves = tuple(dict.fromkeys(g.variable for g in result.gradients))
    steps = tuple(
        Step(presentation.equation(model, e.symbol, e.value), backward.rules(model, presentation, e.variable, e.terms))
        for e in result.equations
    )
    own = Section(presentation.text("derivation.all_steps.heading", T=str(result.graph.T)), steps, level=2)
    head = (backward.state_form(model, presentation, leaves),) if model.states else ()
    return (*head, backward.node_form(model, presentation, leaves), own)


@_sections.register
def _nested(result: Sensitivities, presentation: Presentation) -> tuple[Section, ...]:
    return (nested.section(result.graph.model, presentation, result.graph.T, (result.parameter,)),)


def _prose(prose: Prose) -> str:
    return plain(prose, typeset.text)


def _step_text(step: Step) -> str:
    number = f"({step.number})  " if step.number is not None else ""
    notes = "; ".join(part for part in (_prose(step.rule), step.shapes) if part)
    body = typeset.text(step.equation).replace("\n", "\n    ")
    claim = f"  {_prose(step.claim)}\n" if step.claim else ""
    return f"{claim}    {number}{body}" + (f"\n        [{notes}]" if notes else "")


def text(result: Result, presentation: Presentation = ENGLISH) -> str:
    """A form in Unicode, for a terminal."""
    parts: list[str] = []
    for section in _sections(result, presentation.about(result if isinstance(result, Model) else result.graph.model)):
        parts.append(f"{section.heading}\n{'-' * width(section.heading)}")
        parts += [_prose(prose) for prose in section.intro]
        parts += [_step_text(step) for step in section.steps]
    return "\n".join(parts) + "\n"


def _step_latex(step: Step) -> str:
    notes = "; ".join(part for part in (_prose(step.rule), step.shapes) if part)
    number = rf" \tag{{{step.number}}}" if step.number is not None else ""
    return (f"% {notes}\n" if notes else "") + rf"\[ {typeset.latex(step.equation)}{number} \]"


def latex(result: Result, presentation: Presentation = ENGLISH) -> str:
    """A form as display formulas, one per step; needs amsmath, amssymb and bm."""
    parts: list[str] = []
    for section in _sections(result, presentation.about(result if isinstance(result, Model) else result.graph.model)):
        parts.append(f"% {section.heading}")
        parts += [_step_latex(step) for step in section.steps]
    return "\n".join(parts) + "\n"


@singledispatch
def json(result: Any, presentation: Presentation = ENGLISH) -> dict[str, Any]:
    """A form as plain data, with "schema": 1."""
    raise MissingRule("JSON", result, "symbptt/narrative/forms.py")


def _formula(model: Model, presentation: Presentation, expression: MatrixExpr | Tree) -> dict[str, str]:
    tree = presentation.tree(expression, model)
    return {"latex": typeset.latex(tree), "text": typeset.text(tree)}


def _steps(sections: tuple[Section, ...]) -> list[dict[str, Any]]:
    return [
        {"section": section.heading, "number": s.number, "rule": _prose(s.rule), "shapes": s.shapes,
         "latex": typeset.latex(s.equation), "text": typeset.text(s.equation)}
        for section in sections for s in section.steps
    ]


def _opening(model: Model, T: int, form: str) -> dict[str, Any]:
    return {"schema": SCHEMA, "model": model.name, "T": T, "form": form}


def _shape(variable: Variable, presentation: Presentation) -> str:
    return presentation.shape(variable.at())


def _block(model: Model, presentation: Presentation, block: Block) -> dict[str, Any]:
    return {"row": block.row, "column": block.column, **({} if block.value is None
        else _formula(model, presentation, block.value))}


def _factor(model: Model, presentation: Presentation, factor: Factor) -> dict[str, Any]:
    made = {"kind": str(factor.kind), "step": factor.step, **_formula(model, presentation, factor.partial)}
    return {**made, "blocks": [_block(model, presentation, b) for b in factor.blocks]}


def _terms(result: Gradient, presentation: Presentation) -> list[dict[str, Any]]:
    """Every term; a factor is written once, though many terms have it. The product of a term is null where it is too long."""
    model = result.graph.model
    written: dict[tuple[Kind, int], dict[str, Any]] = {}
    made: list[dict[str, Any]] = []
    written_out = result.written_out(SYMBOLS)
    for term in result.terms:
        for f in term.factors:
            if (f.kind, f.step) not in written:
                written[f.kind, f.step] = _factor(model, presentation, f)
        factors = [written[f.kind, f.step] for f in term.factors]
        product = written_out[term.loss_step, term.source_step]
        value = None if product is None else _formula(model, presentation, product)
        made.append({"loss_step": term.loss_step, "source_step": term.source_step, "factors": factors, "value": value})
    return made


@json.register
def _sum_json(result: Gradient, presentation: Presentation = ENGLISH) -> dict[str, Any]:
    model, v = result.graph.model, result.parameter
    cut = result.graph.truncation
    return {
        **_opening(model, result.graph.T, "sum"), **({"truncation": {"k1": cut[0], "k2": cut[1]}} if cut else {}),
        "wrt": v.name, "shape": _shape(v, presentation),
        "steps": _steps(_sections(result, presentation)[:1]), "terms": _terms(result, presentation),
    }


@json.register
def _routes_json(result: Routes, presentation: Presentation = ENGLISH) -> dict[str, Any]:
    model, v = result.graph.model, result.parameter
    made = [
        {"loss_step": r.loss_step, "source_step": r.source_step,
         "values": [typeset.text(presentation.tree(value, model)) for value in r.values],
         **_formula(model, presentation, r.product)}
        for r in result.found
    ]
    return {**_opening(model, result.graph.T, "routes"), "wrt": v.name, "shape": _shape(v, presentation), "routes": made}


def _contribution(model: Model, presentation: Presentation, c: Contribution) -> dict[str, Any]:
    return {"through": c.through.name, "step": int(c.step), "rule": c.rule, **_formula(model, presentation, c.value)}


def _number(model: Model, equation: AdjointEquation | GradientEquation) -> int:
    numbers = recursion(model)
    name = equation.variable.name
    return numbers.adjoint_number(name) if isinstance(equation, AdjointEquation) else numbers.gradient_number(name)


def _equation(model: Model, presentation: Presentation, equation: AdjointEquation | GradientEquation) -> dict[str, Any]:
    v = equation.variable
    terms = equation.terms
    value = tidy.add(*(t.value for t in terms)) if terms else sp.ZeroMatrix(v.rows, v.columns)
    if isinstance(equation, AdjointEquation):
        left: MatrixExpr = equation.symbol
    else:
        left = symbols.total(symbols.loss(model, None), v.at(0 if v.role is Role.STATE else equation.step or 0))
    return {
        "variable": v.name, "step": equation.step, "number": _number(model, equation), "shape": _shape(v, presentation),
        **_formula(model, presentation, presentation.equation(model, left, value)),
        "terms": [_contribution(model, presentation, t) for t in terms],
    }


@json.register
def _adjoint_json(result: AdjointSystem, presentation: Presentation = ENGLISH) -> dict[str, Any]:
    model = result.graph.model
    return {
        **_opening(model, result.graph.T, "adjoint"), "recursion": _steps(_sections(result, presentation)[:-1]),
        "adjoints": [_equation(model, presentation, e) for e in result.equations],
        "gradients": [_equation(model, presentation, e) for e in result.gradients],
    }


@json.register
def _nested_json(result: Sensitivities, presentation: Presentation = ENGLISH) -> dict[str, Any]:
    v, graph = result.parameter, result.graph
    steps = _steps(_sections(result, presentation))
    return {**_opening(graph.model, graph.T, "nested"), "wrt": v.name, "shape": _shape(v, presentation), "steps": steps}
