"""The gradient flow of composed models: terms over the axes of both phases and directions add up, whatever way they came."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from symbptt import compose
from symbptt.cli import main
from symbptt.compose.chain import How
from symbptt.compose.handed import through_parts
from symbptt.compose.point import at
from symbptt.compose.referee import Point
from symbptt.compose.report import CHARTS, as_csv, as_json, as_text
from symbptt.compose.slips import LINK, Slip
from symbptt.compose.terms import swept
from symbptt.compose.verification import slopes
from symbptt.data.values import Array
from symbptt.model.values import Role
from symbptt.verify.complex_step import STEP
from symbptt.verify.objective import by_step
from symbptt.verify.probe import probes

KINDS = sorted((Path(__file__).parent / "kinds").glob("*.toml"))
EVERY = [*compose.names(), *map(str, KINDS)]
ATTENTION = "seq2seq_attention_multiplicative"

every_model = pytest.mark.parametrize("name", [
    pytest.param(name, id=Path(name).stem, marks=() if name == ATTENTION else pytest.mark.slow) for name in EVERY
])


def sizes(name: str, T: int) -> dict[str, int]:
    return {part.steps: T for part in compose.load(name).parts if part.steps}


@every_model
def test_the_terms_add_up_to_the_complex_step(name: str) -> None:
    found = compose.flow(compose.load(name), 3, sizes(name, 4), 2, seed=3, wrt="all")
    assert found.agrees and (found.sums or compose.load(name).loss is None)
    largest = max([1.0, *(float(np.abs(item.gradient).max()) for item in found.sums)])
    for item in found.sums:
        probe = probes(item.variable, item.gradient.shape, np.random.default_rng(0))
        assert np.abs(slopes(found.point, probe) - probe.along(item.gradient)).max(initial=0.0) <= 1e-12 * largest
    for item in found.terms:
        outside = np.ones(item.norms.shape, dtype=bool)
        for t, k in item.pairs:
            outside[t - 1, k - 1] = False
        assert not item.norms[outside].any()


def by_step_and_entry(point: Point, name: str) -> Array:
    """dL_t by every entry of an input, (T, ...)."""
    start = point.data.inputs[name]
    moved = point.at(point.data.having(point.chain[name], start + 1j * STEP * np.eye(start.size).reshape(-1, *start.shape)))
    own, values = moved.evaluated[-1]
    losses = by_step(point.graph(-1), values, own)
    rows = [np.broadcast_to(losses.get(t, 0j), (start.size,)).imag / STEP for t in range(1, point.T[-1] + 1)]
    return np.array(rows).reshape(-1, *start.shape)


@every_model
def test_each_term_of_an_input_is_that_of_its_loss_step(name: str) -> None:
    chain = compose.load(name)
    if chain.loss is None:
        return
    point = at(chain, 3, sizes(name, 4), 2, 1)
    for variable in chain.of(Role.INPUT):
        mine = [item.whole for item in swept(point) if item.variable == variable]
        if mine:
            truth = by_step_and_entry(point, variable.name)
            assert np.allclose(sum(mine).reshape(truth.shape), truth, rtol=0, atol=1e-13 * max(1.0, np.abs(truth).max()))


@pytest.mark.parametrize("lost", ["M", "s"])
def test_a_way_is_what_is_left_where_the_other_is_cut(lost: str) -> None:
    point = at(compose.load(ATTENTION), 3, {"S": 4}, 2, 0)
    left, _ = through_parts(point, Slip(LINK, 1, lost))
    other = frozenset((How.FINAL if lost == "M" else How.MEMORY,))
    for item in swept(point):
        if item.number == 1 and item.variable.role is Role.PARAMETER:
            whole = left[item.variable.name]
            assert np.allclose(item.ways[other].sum(axis=(0, 1)).reshape(whole.shape), whole, rtol=0, atol=1e-13)


def test_the_pairs_follow_the_directions() -> None:
    kinds = {path.stem: path for path in KINDS}
    found = compose.flow(compose.load("birnn"), 3, wrt=["W_hh", "W_bb", "W_ho"])
    forward, backward, readout = (set(item.pairs) for item in found.terms)
    every = {(t, k) for t in (1, 2, 3) for k in (1, 2, 3)}
    assert forward == {(t, k) for t, k in every if k <= t} and backward == {(t, k) for t, k in every if k >= t}
    assert readout == {(t, t) for t in (1, 2, 3)}
    crossing = compose.flow(compose.load(kinds["forward-reads-backward"]), 3)
    assert any(set(item.pairs) == every for item in crossing.terms)


def test_attention_has_its_share() -> None:
    found = compose.flow(compose.load(ATTENTION), 3, {"S": 4}, wrt=["W_hh", "W_ss"])
    encoder, decoder = found.terms
    assert encoder.norms.shape == (3, 4) and decoder.norms.shape == (3, 3)
    assert ((encoder.attention > 0) & (encoder.attention < 1)).all() and not decoder.attention.any()
    assert sum(encoder.by_way.values()) == pytest.approx(1) and len(encoder.ways) == 2
    text = as_text(found)
    for said in ("attention's share", "W_hh, part 1", "Part 1 (encoder)", "recurrent matrices"):
        assert said in text
    data = json.loads(as_json(found))
    assert [row["attention"] for row in data["terms"] if "attention" in row] == []
    assert len(data["terms"]) == 12 + 6 and {"memory", "initial"} <= data["terms"][0].keys()
    assert as_csv(found).splitlines()[0] == "loss_step,source_step,parameter,part,norm,share,memory,initial,direct"


@pytest.mark.parametrize("name", ["birnn", ATTENTION])
def test_the_command(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["analyze", name, "-T", "2", "--wrt", "all"]) == 0
    assert "sums agree" in capsys.readouterr().out
    assert main(["analyze", name, "--structure"]) == main(["analyze", name, "--structure", "--format", "json"]) == 0
    assert "Part 1" in capsys.readouterr().out
    for wrong in (["--randomise", "0.5"], ["--table", "jacobians", "--format", "csv"], ["--dims", "Z=2"]):
        assert main(["analyze", name, "-T", "2", *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for picture in CHARTS:
        place = tmp_path / f"{picture}.svg"
        assert main(["analyze", ATTENTION, "-T", "2", "--format", "svg", "--picture", picture, "-o", str(place)]) == 0
        assert place.stat().st_size > 1000


@pytest.mark.slow
def test_a_page_has_every_picture_and_the_report(tmp_path: Path) -> None:
    place = tmp_path / "flow.html"
    words = ["analyze", ATTENTION, "-T", "2", "--dims", "S=3", "--wrt", "W_hh,W_ss", "--window", "1", "--format", "html"]
    assert main([*words, "-o", str(place)]) == 0
    page = place.read_text(encoding="utf-8")
    for said in ("terms of W_hh, part 1 by way: memory", "terms of W_ss, part 2", "attention&#39;s share", "S = 3", "of 1 step"):
        assert said in page, said
    assert page.count("<svg") == 5 and page.count("<rect") >= 2 * 3 * 3 and "default-src 'none'" in page


def test_a_mask_that_a_phase_declares_is_one() -> None:
    point = at(compose.load("seq2seq_bilstm"), 2, {"S": 3}, 2, 0)
    assert (point.data.inputs["mask"] == 1).all() and point.data.inputs["mask"].shape == (3, 2)


def test_given_values_tell_the_sizes() -> None:
    rng = np.random.default_rng(0)
    given = {"x": rng.standard_normal((5, 3, 2)), "v": rng.standard_normal((4, 3, 6))}
    point = at(compose.load(ATTENTION), None, None, None, 0, values=given)
    assert point.T == (5, 4) and point.data.N == 3 and point.data.dims["D"] == 2 and point.data.dims["E"] == 6
    assert point.data.dims["S"] == 5 and point.data.inputs["x"] is not None
