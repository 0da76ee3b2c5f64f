"""Names: from a model file to letters, in every output, without a way to inject markup."""

import re
from dataclasses import replace
from xml.dom import minidom

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symbptt import typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Broadcast, Elementwise, Timed
from symbptt.errors import BadInput
from symbptt.model import latex as allowed
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset import as_latex, snippet
from symbptt.typeset.notation import CHOICES, TEXTBOOK
from symbptt.typeset.tree import Aligned, Equality, Identifier, Style, Text

H = sp.Symbol("H", integer=True, positive=True)


def variable(name, role=Role.LOCAL, shape=("H",), **more):
    rows, columns = {0: (1, 1), 1: (H, 1), 2: (H, H)}[len(shape)]
    return Variable(name, role, shape, sp.sympify(rows), sp.sympify(columns), **more)


def model(*variables):
    return Model("m", "M", variables, ())


NAMES = {
    "W": r"\mathbf{W}", "W_xh": r"\mathbf{W}_{xh}",
    "W_x_h": r"\mathbf{W}_{x,h}", "W1": r"\mathbf{W}_{1}", "W_1": r"\mathbf{W}_{1}",
    "W_xi": r"\mathbf{W}_{xi}", "alpha": r"\boldsymbol{\alpha}", "delta_h": r"\boldsymbol{\delta}_{h}",
    "Gamma": r"\boldsymbol{\Gamma}",
    "gate": r"\mathbf{gate}", "b_gate": r"\mathbf{b}_{\mathrm{gate}}", "w_alpha": r"\mathbf{w}_{\alpha}",
    "y_hat": r"\hat{\mathbf{y}}", "h_x2": r"\mathbf{h}_{x2}", "lambda_": r"\boldsymbol{\lambda}",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_names_become_letters(name, expected):
    assert typeset.latex(sp.MatrixSymbol(name, H, 1)) == expected


def test_roles_and_shapes_decide_the_weight():
    m = model(variable("w", Role.PARAMETER, ()), variable("b", Role.PARAMETER), variable("L", Role.LOSS, ()))
    assert [typeset.latex(v.at(), m) for v in m.variables] == ["w", r"\mathbf{b}", "L_{t}"]


def test_time_as_superscript_joins_the_transpose_and_not_a_power():
    notation = typeset.Notation(time="superscript")
    h = Timed("h_x", H, 1, TIME - 1)
    assert typeset.latex(sp.Transpose(h), notation=notation) == r"\mathbf{h}_{x}^{(t-1)\top}"
    assert typeset.latex(Elementwise("power", 2, h), notation=notation) == r"(\mathbf{h}_{x}^{(t-1)})^{\odot 2}"
    assert typeset.text(sp.Transpose(h), notation=notation) == "hₓ⁽ᵗ⁻¹⁾ᵀ"


def test_an_override_takes_the_step_without_a_second_subscript():
    m = model(variable("y", latex=r"\hat{\mathbf{y}}_o"), variable("W", Role.PARAMETER, ("H", "H"), latex="U^{1}"))
    assert typeset.latex(m["y"].at(), m) == r"\hat{\mathbf{y}}_{o,t}"
    assert typeset.latex(sp.Transpose(m["W"].at()), m) == r"U^{1\top}"


def test_notation_overrides_names_and_functions():
    notation = typeset.Notation(names=(("h", r"\mathbf{s}"),), functions=(("sigmoid", "logistic"),), transpose="T", hadamard="∘")
    h = Timed("h", H, 1, TIME)
    assert typeset.latex(sp.Transpose(h), notation=notation) == r"\mathbf{s}_{t}^{\mathrm{T}}"
    assert typeset.latex(Elementwise("sigmoid", h), notation=notation) == r"\operatorname{logistic}(\mathbf{s}_{t})"
    assert typeset.latex(sp.HadamardProduct(h, h), notation=notation) == r"\mathbf{s}_{t}^{\circ 2}"


@pytest.mark.parametrize(
    "wrong", [{"time": "up"}, {"transpose": r"\input{x}"}, {"immediate": "D"}, {"node_adjoint": "x}"}, {"step_adjoint": "box"}]
)
def test_a_notation_is_checked(wrong):
    with pytest.raises(BadInput):
        typeset.Notation(**wrong)


def test_names_that_would_look_alike_keep_their_spelling():
    m = model(variable("x1"), variable("x_1"), variable("x_2"))
    assert [typeset.latex(v.at(), m) for v in m.variables] == [r"\mathbf{x1}_{t}", r"\textbf{x\_1}_{t}", r"\mathbf{x}_{2,t}"]


def test_a_definition_is_shown_in_place_of_the_name():
    a = variable("a")
    inner = variable("h_1", definition=sp.MatAdd(a.at(), sp.MatMul(sp.Integer(-1), variable("b").at(TIME - 1))))
    long = variable("h_2", definition=sp.MatAdd(*[a.at(TIME - i) for i in range(9)]))
    m = model(a, variable("b"), inner, long)
    assert typeset.latex(sp.Transpose(inner.at(3)), m) == r"(\mathbf{a}_{3} - \mathbf{b}_{2})^{\top}"
    assert typeset.latex(typeset.name_of(inner.at(3), m)) == r"\mathbf{h}_{1,3}"
    assert typeset.latex(typeset.adjoint_symbol(inner.at(3), model=m)) == r"\boldsymbol{\delta}_{(\mathbf{a}_{3}-\mathbf{b}_{2})}"
    assert typeset.latex(typeset.adjoint_symbol(long.at(3), model=m)) == r"\boldsymbol{\delta}_{h_{2},3}"


@pytest.mark.parametrize("summands", range(2, 9))
def test_an_adjoint_shows_a_formula_at_all_steps_or_at_none(summands):
    """The formula is shorter with h_3 in it than with h_{t-1}."""
    a = variable("a")
    inner = variable("h_1", definition=sp.MatAdd(*[a.at(TIME - i) for i in range(summands)]))
    m = model(a, inner)
    shown = {"h₁" in typeset.text(typeset.adjoint_symbol(inner.at(step), model=m)) for step in (12, 1, TIME, TIME + 1)}
    assert len(shown) == 1


FORMS = [replace(TEXTBOOK, time=time, node_adjoint=form, layout=layout)
         for time in CHOICES["time"] for form in ("delta", "nabla", "differential") for layout in CHOICES["layout"]]


@pytest.mark.parametrize("notation", FORMS, ids=lambda n: f"{n.time} {n.node_adjoint} {n.layout}")
@pytest.mark.parametrize("inner", ["s B", "exp(B)", "B ⊙ B"])
def test_the_adjoint_of_a_value_that_does_not_tell_its_step_tells_it(inner, notation):
    s, B = sp.MatrixSymbol("s", 1, 1), sp.MatrixSymbol("B", H, H)
    values = {"s B": tidy.hadamard(Broadcast(s, *B.shape), B), "exp(B)": Elementwise("exp", B), "B ⊙ B": tidy.hadamard(B, B)}
    v = variable("h_1", shape=("H", "H"), definition=values[inner])
    m = model(variable("s", Role.PARAMETER, ()), variable("B", Role.PARAMETER, ("H", "H")), v)
    for write in (typeset.text, typeset.latex, typeset.mathml):
        adjoints = {write(typeset.adjoint_symbol(v.at(step), model=m, notation=notation)) for step in (1, 2, TIME)}
        assert len(adjoints) == 3 and len({write(v.at(step), m, notation) for step in (1, 2)}) == 1


def test_every_command_that_a_model_file_may_use_can_be_read():
    for command in sorted(allowed.COMMANDS):
        text = f"\\{command}" + ("{xy}" if command in allowed.WITH_ARGUMENT else "")
        for form in (text, f"{text}_t^2", f"{{{text}_a}}_b", f"\\mathbf{{{text}}}"):
            tree = snippet.read(form)
            minidom.parseString(typeset.mathml(tree).encode())
            assert set(re.findall(r"\\([A-Za-z]+)", typeset.latex(tree))) <= allowed.COMMANDS


def test_a_snippet_comes_back_as_it_went_in():
    texts = (r"\hat{\mathbf{y}}", r"\mathbf{W}_{xh}", r"\boldsymbol{\phi}^{2}", r"\mathcal{L}", r"x_{12}", r"\text{in x}")
    for text in texts:
        assert typeset.latex(snippet.read(text)) == text


BAD = ["", "x" * 99, r"\input{a}", "a$b", "{a", "a}", "a_b_c", "x^", r"\href{a}", "a%", r"\hat", "&", r"a\\b", "é", r"\text{$}"]


@pytest.mark.parametrize("text", BAD)
def test_a_bad_snippet_is_refused(text):
    with pytest.raises(BadInput):
        snippet.read(text)


SAFE = re.compile(r"\\(mathbf|mathrm|text|textbf|textit|textbackslash|textasciicircum|textasciitilde|operatorname|[{}$&#%_])")
PRINTABLE = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(PRINTABLE, st.sampled_from(list(Style)))
def test_no_text_can_inject_markup(text, style):
    for tree in (Text(text), Identifier(text, style)):
        latex = as_latex.write(tree)
        for command in as_latex._SIGNS.values():  # signs and letters of closed tables, each a formula of its own
            latex = latex.replace(f"${command}$", "")
        rest = SAFE.sub("", latex) if text not in as_latex.COMMANDS else ""
        for known in ("mathcal", "mathbb", "mathfrak", "mathsf", "mathtt", "textsf", "texttt"):
            rest = rest.replace(f"\\{known}", "")
        if "\\" in rest:
            assert rest.removeprefix("\\") in ("tanh", "sin", "cos", "exp", "log", "max", "min", "ln", "tan", "sup", "inf")
        assert rest.count("{") == rest.count("}") and not set(rest) & set("$&#%~")
        element = minidom.parseString(typeset.mathml(tree).encode()).documentElement
        assert element.getAttribute("alttext").split() == typeset.text(tree).split()
        assert {e.tagName for e in element.getElementsByTagName("*")} <= {"mi", "mtext", "mrow"}


def test_a_bracket_after_a_line_break_is_no_option():
    tree = Aligned((Equality(Text("a"), (Text("b"), Text("c"))), Equality(typeset.tree.Fenced(Text("x"), "["), (Text("d"),))))
    assert r"\\ {}[" in typeset.latex(tree)
