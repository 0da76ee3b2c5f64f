"""The kinds: what is in them for every model, one page of summary, slides that fit, two models compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from symbptt import analyze, derive, document, typeset
from symbptt.analyze.decay import gate
from symbptt.document import KINDS, DocumentOptions
from symbptt.document.blocks import Beside, Block, Box, Columns, Figure, Frame, Heading, LeftOut, Paragraph, Plotted, Table, Terms
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import required
from symbptt.document.frames import HEIGHT, slides
from symbptt.document.heights import WHOLE, height
from symbptt.document.parts import brief, cell, compared, derived, magnitude, pitfalls, remedies, vanishing
from symbptt.errors import BadInput
from symbptt.model.read import from_text, load, names
from symbptt.narrative import backward, forward
from symbptt.narrative.families import families
from symbptt.narrative.inline import Prose, Reference, plain
from symbptt.narrative.presentation import Presentation
from symbptt.unroll.graph import steps

QUICK_MODELS = ("elman", "mgu", "mlp")


def context(*models: str, T: int = 3, language: str = "en") -> DocumentContext:
    return DocumentContext(tuple(map(load, models)), T, presentation=Presentation(language))


def words(blocks: tuple[Block, ...]) -> str:
    return " ".join(plain(block.text, typeset.text) for block in blocks if isinstance(block, Paragraph))


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, (Box, Frame)):
            yield from flat(block.blocks)
        if isinstance(block, Columns):
            for column in block.columns:
                yield from flat(column)


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", names())
def test_every_part_of_a_handout_tells_something_or_says_why_not(name: str, language: str) -> None:
    one = context(name, language=language)
    empty = [part.__name__ for part in KINDS["handout"].parts if part.__name__ != "check" and not part(one)]
    # Where the samples are coupled there are no Jacobians of one, and so no terms with their factors.
    assert set(empty) <= {"remarks", "identities"} | ({"terms"} if name == "deep_feedforward_batch_norm" else set())


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name, left_out", [
    ("elman", set()), ("lstm", set()), ("mlp", {"magnitude", "norm_bound", "remedies", "loop"}),
    ("deep_feedforward_batch_norm", {"cell", "norm_bound", "remedies", "worked", "magnitude", "loop"}),
])
def test_what_is_left_out_is_said(name: str, left_out: set[str]) -> None:
    one = context(name)
    parts = [part for part in KINDS["handout"].parts if part.__name__ != "check"]
    found = {part.__name__ for part in parts if any(isinstance(block, LeftOut) for block in part(one))}
    assert found == left_out
    if left_out:
        made = document.compose(name, 2, options=DocumentOptions(kind="summary"))
        assert all(not isinstance(block, LeftOut) for block in made.blocks)


def test_reasons_stand_at_the_end() -> None:
    made = document.compose(("mlp",), 1, options=DocumentOptions(kind="handout"))
    last = made.blocks[-1]
    assert isinstance(last, Box) and plain(last.title, typeset.text) == "Not in this document"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("T", [1, 2, 12])
def test_any_length_gives_a_handout_of_sensible_size(T: int) -> None:
    one = context("elman", T=T)
    blocks = [block for part in KINDS["handout"].parts if part.__name__ != "check" for block in part(one)]
    assert 40 < len(blocks) < 130


def test_the_far_terms_vanish_not_the_total() -> None:
    found = magnitude.magnitude(context("elman"))
    table = next(block for block in found if isinstance(block, Terms))
    cells_of = {t: cells for t, (_, cells) in enumerate(table.rows, 1)}
    numbers = {(t, k): number(cell.text) for t, cells in cells_of.items() for k, cell in enumerate(cells, 1) if cell.text}
    assert len(numbers) == 21 and numbers[6, 1] < 0.01 * numbers[6, 6]
    lags = {cell.lag for _, cells in table.rows for cell in cells if cell.text}
    assert lags == {0, 1, 2, 3, 4, 5}
    ratios, lower, upper = ([number(cell) for cell in row[1:]] for row in next(b for b in found if isinstance(b, Table)).rows)
    assert ratios == sorted(ratios, reverse=True) and ratios[-1] < 0.5 * ratios[0]
    assert all(a <= m <= b for a, m, b in zip(lower, ratios, upper, strict=True))
    assert "These draws start from h₀ = 0, so their term (1, 1) is zero and their column k = 1 is left out." in words(found)


def number(cell: Prose) -> float:
    """The number that a cell shows, as 0.12 or as 3.1·10^−5."""
    digits, _, power = plain(cell, typeset.latex).partition(r" \cdot 10^{")
    return float(digits) * 10 ** int(power.rstrip("}") or "0")


def test_a_transpose_is_forgotten_where_shapes_let_it_pass_and_a_slope_is_an_activation_s() -> None:
    made = {m.name: m for m in pitfalls.mistakes(context("linear_attention"))}
    assert "transpose-missing" not in made and made["slope-missing"].label == "adjoint-k_1"
    assert "transpose-missing" in {m.name for m in pitfalls.mistakes(context("elman"))}


ROTATION = """
title = "A quarter turn"
[inputs]
x = "1"
[states]
h = "1"
c = "1"
[parameters]
w = "1"
[targets]
y = "1"
[equations]
h = "c[t-1] + w * x"
c = "-h[t-1]"
[loss]
step = "squared_error(h, y)"
"""


def test_the_bound_is_a_bound_and_its_verdicts_are_three() -> None:
    found = vanishing.norm_bound(context("elman"))
    rows = next(block for block in found if isinstance(block, Table)).rows
    last = [number(row[3][:1]) for row in rows]
    assert all(m <= number(row[4]) * 1.01 for m, row in zip(last, rows, strict=True))
    assert last[0] < 1e-6 and last[1] < 1 < 50 < last[2]
    said = [plain(row[5], typeset.text) for row in rows]
    assert said == ["vanishing, by the bound", "not decided by the bound; it falls", "not decided by the bound; it explodes"]
    text = words(found)
    square = float(np.linalg.norm(np.array([[0.5, 10], [0, 0.5]]) @ np.array([[0.5, 10], [0, 0.5]]), 2))
    assert "spectral radius 0.5" in text and f"norm of its square is still {square:.5g}" in text
    assert text.count("10.025") == 1 and text.count("10.006") == 1


def test_a_constant_jacobian_is_called_so() -> None:
    found = vanishing.norm_bound(context("linear_attention"))
    (row,) = next(block for block in found if isinstance(block, Table)).rows
    assert plain(row[5], typeset.text) == "constant: Jₜ is the identity, so the product has the norm 1"
    assert not any(isinstance(block, Plotted) for block in found) and "measured along the way" not in words(found)
    turned = vanishing.norm_bound(DocumentContext((from_text(ROTATION, "rotation"),), 3))
    (row,) = next(block for block in turned if isinstance(block, Table)).rows
    assert plain(row[5], typeset.text).startswith("constant: Jₜ is orthogonal")


def test_gamma_and_the_weight_are_the_model_s() -> None:
    jordan = words(vanishing.norm_bound(context("jordan")))
    assert "is not of the form" in jordan
    assert "γ = 1" in words(vanishing.norm_bound(context("irnn")))


@pytest.mark.slow
def test_remedies_have_what_applies_to_the_model() -> None:
    elman, lstm, mlp = (remedies.remedies(context(name)) for name in ("elman", "lstm", "mlp"))
    assert isinstance(mlp[0], LeftOut) and "In an LSTM" in words(elman) and "Clipping" in words(elman)
    said = words(elman)
    assert "hₜ = w σ(hₜ₋₁) + b" in said and "h₀ = 0.5" in said and "y₅₀ = 0.7" in said and "w = 5.2, b = −2.4" in said
    assert "slopes of tanh" in said
    gates = [block for block in lstm if isinstance(block, Table)][-1].rows
    opening, direct = [number(row[1]) for row in gates], [number(row[2][:1]) for row in gates]
    assert opening == sorted(opening) and direct == sorted(direct) and direct[0] < 1e-4 < 0.3 < direct[-1]


@pytest.mark.slow
def test_a_gate_that_closes_the_route_is_opened_the_other_way() -> None:
    model = load("lstm_coupled")
    found = gate(model)
    assert found is not None and [bias for bias, _ in remedies.opened(model, found)] == [0, -1, -3]


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "linear", "jordan", "leaky"])
def test_every_mistake_changes_the_formula_and_its_effect_is_not_the_gradient(name: str) -> None:
    made = list(pitfalls.mistakes(context(name)))
    carries = {"carry-dropped"} if name != "jordan" else set()  # what its state carries back is all that arrives
    square = {"transpose-missing"} if name != "jordan" else set()  # O is not H: a product with the wrong one has no shape
    assert {m.name for m in made} >= {"overwritten", *square, *carries}
    assert all(m.right != m.wrong for m in made)
    assert any(m.effect is not None for m in made)


def test_without_the_carry_only_the_terms_of_one_step_remain() -> None:
    """The effect in the example is the sum of the terms k = t, computed another way."""
    model = load("elman")
    data = required(model, 3).data()
    terms = derive.gradient(steps(model, 3), "W_hh").evaluate(data.parameters, data.inputs, data.targets, data.states)
    carry = next(m for m in pitfalls.mistakes(context("elman")) if m.name == "carry-dropped")
    assert carry.effect is not None
    assert np.allclose(np.array(carry.effect, dtype=float), sum(v for (t, k), v in terms.items() if t == k))


def test_identities_end_in_the_short_forms() -> None:
    found = [block for block in derived.identities(context("lstm")) if isinstance(block, Box)]
    last = {plain(box.title, typeset.text): typeset.text(box.blocks[0].steps[-1].equation) for box in found}  # type: ignore[attr-defined]
    assert list(last)[:2] == ["A matrix product", "A product entry by entry"]
    assert list(last.values())[-3:] == ["σ′(z) = σ(z) (1 − σ(z))", "tanh′(z) = 1 − tanh(z)²", "∂L/∂oᵢ = pᵢ − yᵢ"]


def test_the_picture_and_its_table_have_the_same_numbers() -> None:
    found = cell.cell(context("lstm"))
    drawn = next(block for block in found if isinstance(block, Figure)).scene
    rows = next(block for block in found if isinstance(block, Table)).rows
    shown = {typeset.text(label.text) for label in drawn.labels if label.kind == "number"}
    assert shown == {str(row[0][0]) for row in rows if row[0]}


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_slides_hold_what_fits(name: str) -> None:
    for frame in document.compose(name, 3, options=DocumentOptions(kind="slides")).blocks:
        assert isinstance(frame, Frame) and frame.title and frame.blocks
        assert sum(map(height, frame.blocks)) <= (HEIGHT if len(frame.blocks) > 1 else 2 * HEIGHT), frame.title


def test_slides_lose_nothing() -> None:
    part = derived.sums
    whole = [typeset.text(step.equation) for block in part(context("elman")) for step in getattr(block, "steps", ())]
    portions = [block for frame in slides(part(context("elman"))) for block in frame.blocks]
    shown = [typeset.text(step.equation) for block in portions for step in getattr(block, "steps", ())]

    def letters(lines: list[str]) -> str:
        return "".join(c for line in lines for c in line if c not in " \n")

    assert letters(shown) == letters(whole)
    assert WHOLE <= HEIGHT


def test_code_that_is_higher_than_a_slide_goes_on_over_the_next() -> None:
    step = forward.equations(load("elman"), Presentation("en")).steps[0]
    lines = [f"a_{i} = {i}" for i in range(30)] + [f"b_{i} = {'c' * 90}" for i in range(10)]
    pairs = (((step,), "short = 1"), ((step,), "\n".join(lines)), ((step,), "last = 1"))
    shown = [block for frame in slides((Heading("Code", "code"), Beside(("", ""), pairs))) for block in frame.blocks]
    assert all(height(block) <= HEIGHT for block in shown)
    rows = [row for block in shown if isinstance(block, Beside) for row in block.rows]
    assert "\n".join(code for _, code in rows).splitlines() == ["short = 1", *lines, "last = 1"]
    assert [steps_ for steps_, _ in rows if steps_] == [(step,)] * 3


@pytest.mark.slow
def test_no_line_of_a_slide_has_an_empty_label() -> None:
    tex = document.render("elman", 2, "tex", options=DocumentOptions(kind="slides"))
    assert "{eq:}" not in tex and "{}{}}" in tex


def test_a_summary_has_every_equation() -> None:
    one = context("lstm")
    blocks = [block for part in KINDS["summary"].parts for block in part(one)]
    shown = {equation for block in flat(tuple(blocks)) for equation, _ in getattr(block, "lines", ())}
    told = (forward.equations(one.model, one.presentation), backward.node_form(one.model, one.presentation, one.variables))
    whole = [step for section in told for step in families(section.steps, one.letter)]
    assert {step.equation for step in whole} <= shown
    assert {n for step in whole for n in step.numbers} == {*range(1, 25), *range(28, 42)}
    made = document.compose("lstm", 3, options=DocumentOptions(kind="summary"))
    cited = [part for block in flat(made.blocks) for _, note in getattr(block, "lines", ()) for part in note]
    numbers = [part.number for part in cited if isinstance(part, Reference)]
    assert numbers == list(range(1, len(numbers) + 1)), "no gaps, though a line may stand for several equations"
    assert "6 terms" in words(tuple(flat(brief.sums(context("elman")))))


def test_a_comparison_says_who_vanishes() -> None:
    found = compared.products(context("elman", "lstm"))
    table = next(block for block in found if isinstance(block, Table))
    elman, lstm = (number(table.rows[4][i]) for i in (1, 2))
    measured = [analyze.at(load(n), analyze.point(load(n), 20, N=1)).growth for n in ("elman", "lstm")]
    assert measured[0] is not None and measured[1] is not None
    assert np.isclose(elman, measured[0].measured[20], rtol=0.05) and np.isclose(lstm, measured[1].measured[20], rtol=0.05)
    assert "ends 3.7 · 10⁵ times as large as that for Elman network" in words(found)
    assert str(table.rows[6][1][0]) == "none", "an Elman network has no direct route"


@pytest.mark.parametrize("models, message", [
    (("elman",), "about 2 models, not 1"), (("elman", "lstm", "gru"), "about 2 models, not 3"),
    (("elman", "mlp"), "mlp has no state"),
])
def test_models_that_cannot_be_compared_are_refused(models: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        document.compose(models, 3, options=DocumentOptions(kind="compare"))


def test_other_kinds_are_about_one_model() -> None:
    with pytest.raises(BadInput, match="kind handout is about 1 model, not 2"):
        document.compose(("elman", "lstm"), 3, options=DocumentOptions(kind="handout"))


@pytest.mark.slow
@pytest.mark.share(2)
@pytest.mark.parametrize("format", ["tex", "html", "md"])
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"handout"}))
def test_every_kind_is_written_in_every_format(kind: str, format: str) -> None:
    models = ("elman", "lstm")[: KINDS[kind].models]
    for language in ("en", "zh"):
        text = document.render(models, 2, format, options=DocumentOptions(kind=kind, language=language))
        assert "<%" not in text and ">>" not in text.split("<script>")[0].replace("&gt;", "")
        made = document.compose(models, 2, options=DocumentOptions(kind=kind))
        headings = [block for block in made.blocks if isinstance(block, Heading)]
        assert len({heading.key for heading in headings}) == len(headings)
