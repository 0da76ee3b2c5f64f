"""Chunk forms: equal to the step form in outputs and all gradients, at ragged lengths; and what has none is told why."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from chunkable import ENTRIES, KERNELS, SHIFTED, SIZES, kernel, layer

from symbptt import data, verify
from symbptt.chunk import NoChunkForm, chunked
from symbptt.cli import main
from symbptt.emit import chunk_source
from symbptt.model.define import model
from symbptt.model.read import load
from symbptt.verify.load import resolve


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_in_chunks_is_the_kernel_step_by_step(name):
    report = verify.in_chunks(kernel(name), 3, T=8, dims={"K": 3, "V": 2})
    assert report.ok, report


@pytest.mark.parametrize("name", ["decay of each key, in columns", "gated delta rule"])
def test_of_each_head(name):
    report = verify.in_chunks(kernel(name, "M"), 3, T=8, dims={"K": 3, "V": 2, "M": 2})
    assert report.ok, report


@pytest.mark.parametrize("given", [ENTRIES, "lru"])
def test_what_runs_entry_by_entry_works_on_blocks_of_tokens(given):
    report = verify.in_chunks(given, 3, T=8)
    assert max(check.worst_error for check in report.checks) < 1e-13 and "entry by entry" in report.notes[0], report


def test_a_constant_in_blocks_of_tokens():
    given = model(name="m", inputs={"x": "D"}, states={"h": "H"}, constants={"W": "H D"}, parameters={"a": "H"},
                  equations={"h": "a * h[t-1] + W @ x"})
    assert verify.in_chunks(given, 2, T=3).ok


SCANS = {
    "between": {"z": "sigmoid(U @ x)", "h": "h[t-1] + z * (W @ x - h[t-1])", "o": "z * h"},
    "by name, with decays of zero": {"f": "relu(U @ x)", "E": "f * h[t-1]", "h": "E + W @ x", "o": "E * h + f"},
    "two": {"h": "sigmoid(U @ x) * h[t-1] + W @ x", "m": "-a * m[t-1] + h * h[t-1]", "o": "m"},
}


@pytest.mark.parametrize("name", SCANS)
def test_vectors_with_decays_of_their_own_are_scans(name):
    states = {n: "H" for n in ("h", "m") if n in SCANS[name]}
    given = model(name="scan", inputs={"x": "D"}, states=states, parameters={"U": "H D", "W": "H D", "a": "H"},
                  equations=SCANS[name])
    text = chunk_source(given, 3, "all").text
    assert text.count("_scan(") == 1 + 2 * len(states) and "_t in zip(" not in text
    report = verify.in_chunks(given, 3, T=11)
    assert max(check.worst_error for check in report.checks) < 1e-13, report


def test_a_scan_on_two_levels_is_one_step_after_the_other():
    module, random = resolve(chunk_source("mingru", 3)).module, np.random.default_rng(0)
    for T, narrow in product((0, 1, 3, 7, 12), (0, 512)):
        module.NARROW = narrow
        decay, values = random.standard_normal((T, 2, 2)), random.standard_normal((T + 1, 2, 2))
        decay[::2, 0] = 0
        wanted = list(values[-1:])
        for weight, value in zip(decay[::-1], values[-2::-1], strict=True):
            wanted.append(weight * wanted[-1] + value)
        kept = decay.copy()
        module._scan(decay[::-1], values[::-1])
        np.testing.assert_allclose(values[::-1], wanted, rtol=1e-13, atol=1e-13)
        np.testing.assert_array_equal(decay, kept)


@pytest.mark.parametrize("T", [1, 8])
def test_values_of_earlier_tokens(T):
    report = verify.in_chunks(SHIFTED, 3, T=T, dims={"M": 2, "K": 3, "V": 2})
    assert report.ok and {check.subject for check in report.checks} >= {"x_lag2", "g_lag1", "k_lag1", "c"}, report


def test_an_output_of_parameters_alone_stands_at_every_token():
    given = model(name="fixed", inputs={"x": "D"}, states={"h": "1"}, parameters={"W": "H D", "p": "H"},
                  equations={"v": "2 * p", "h": "0.5 * h[t-1] + mean(W @ x)"})
    assert verify.in_chunks(given, 2, T=5).ok


def test_a_state_of_parameters_alone_is_another_one_before_the_first_token():
    given = model(name="fixed", inputs={"x": ""}, states={"h": "H"}, parameters={"b": "H"},
                  equations={"p": "dot(h[t-1], h[t-1])", "v": "x", "h": "b"})
    assert verify.in_chunks(given, 2, T=5).ok


def test_parts_of_joined_heads():
    given = model(
        name="joined", heads="M", inputs={"x": "D"}, states={"S": "M K V"}, parameters={"W": "M*K+M*V D"},
        equations={"p": "W @ x", "k": "split_heads(p[0:M*K])", "v": "split_heads(p[M*K:])", "S": "0.9 * S[t-1] + outer(k, v)",
                   "o": "concat(merge_heads(S.T @ k), x)"},
    )
    report = verify.in_chunks(given, 2, T=3)
    assert report.ok, report


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gated_deltanet", "mamba2", "retnet", "rwkv7"])
def test_published_layers_with_heads(name):
    report = verify.in_chunks(load(f"{name}_heads"), 4, T=9)
    assert max(check.worst_error for check in report.checks) < 1e-11, report


@pytest.mark.long
@pytest.mark.parametrize("name", KERNELS)
def test_of_each_head_at_every_length(name):
    report = verify.in_chunks(kernel(name, "M"), 4)
    assert report.ok, report


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
def test_at_every_length(name):
    report = verify.in_chunks(kernel(name), 4)
    assert report.ok, report


def test_a_bound_that_is_the_same_for_all_tokens():
    report = verify.in_chunks("hgrn2", 4, T=6)
    assert report.ok, report


@pytest.mark.parametrize(("loss", "at"), [("softmax_cross_entropy(o, target)", "last"), ("squared_error(o, target)", "every")])
def test_a_layer_with_two_states_and_a_loss(loss, at):
    report = verify.in_chunks(layer(loss, at), 3, T=7)
    assert report.ok and {check.subject for check in report.checks} >= {"W_q", "b_v", "n", "x"}, report


LEARNED = model(
    name="learned", inputs={"k": "K", "v": "V"}, states={"S": "K V"}, parameters={"S_0": "K V"}, initial={"S": "S_0"},
    equations={"S": "0.9 * S[t-1] + outer(k, v)", "o": "S.T @ k"},
)
WHOLE = {
    "entries": ENTRIES, **{name: kernel(name) for name in KERNELS},
    "layer": layer(), "a bound": load("hgrn2"), "a learned start": LEARNED,
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", WHOLE)
def test_blocks_of_chunks_are_the_whole(name):
    given = WHOLE[name]
    module, drawn = resolve(chunk_source(given, 2, "all")).module, data.random(given, T=7)
    cotangents = {n: c[-1] if n in module.STATES else c for n, c in drawn.cotangents.items()}

    def run(entries):
        module.ENTRIES = entries
        outputs, residuals = module.forward(dict(drawn.parameters), dict(drawn.inputs), dict(drawn.states))
        found = [outputs, module.backward(dict(drawn.parameters), residuals, cotangents)]
        return len(residuals["_blocks"]), found + ([module.value_and_grad(*map(dict, drawn.groups))[1]] if drawn.targets else [])

    (one, whole), (several, parts) = run(10**6), run(1)
    assert (one, several) == (1, 4)
    for wanted, found in zip(whole, parts, strict=True):
        assert wanted.keys() == found.keys()
        for key, array in wanted.items():
            np.testing.assert_allclose(found[key], array, rtol=1e-11, atol=1e-12, err_msg=key)


def test_the_module_checks_itself_and_serves_shorter_sequences():
    namespace = {"__name__": "module"}
    exec(compile(chunk_source(layer(), 3, wrt="all").text, "module", "exec"), namespace)
    assert max(namespace["self_check"]().values()) < 1e-11
    assert max(namespace["self_check"](T=2).values()) < 1e-11


REFUSED = {
    "tanh(S[t-1])": "S is not affine in itself",
    "outer(k, v)": "S is a matrix of an earlier token",
    "exp(outer(k, v)) * S[t-1]": "S decays entry by entry",
    "tanh(g) * S[t-1] + outer(k, v)": "S has a decay that may be zero or negative",
    "A @ S[t-1] + outer(k, v)": "S is multiplied by a whole matrix",
    "S[t-1] + outer(k, v - S[t-1].T @ k) - outer(u, S[t-1].T @ u)": "S has a transition of rank 2",
}


@pytest.mark.parametrize("equation", REFUSED)
def test_what_has_no_chunk_form_is_told_in_one_sentence(equation):
    equations = {"S": equation, "o": "S.T @ q"} | ({"o": "S[t-1].T @ q"} if equation == "outer(k, v)" else {})
    given = model(name="kernel", inputs=SIZES, states={"S": "K V"}, parameters={"A": "K K"}, equations=equations)
    with pytest.raises(NoChunkForm) as error:
        chunked(given)
    assert str(error.value).startswith(f"kernel has no chunk form: {REFUSED[equation]}")
    assert "\n" not in str(error.value)


def test_an_output_that_is_a_matrix_is_refused():
    equations = {"S": "S[t-1] + outer(k, v)", "R": "2 * S"}
    given = model(name="m", inputs={n: SIZES[n] for n in "kv"}, states={"S": "K V"}, equations=equations)
    with pytest.raises(NoChunkForm, match="m has no chunk form: the output R is a matrix for each token"):
        chunked(given)


def test_a_vector_with_its_own_decays_needs_a_scan():
    given = model(name="m", inputs={"x": "H"}, states={"h": "H"}, equations={"h": "sigmoid(x) * h[t-1] + x"})
    with pytest.raises(NoChunkForm, match="h is a vector with a decay of its own for each entry: a scan"):
        chunked(given)


def test_single_precision_is_right_inside_the_printed_domain_and_not_beyond():
    given = model(name="m", inputs={n: SIZES[n] for n in "qkvw"}, states={"S": "K V"},
                  equations={"S": "outer(exp(w), v - v + 1) * S[t-1] + outer(k, v)", "o": "S.T @ q"})
    report = verify.in_chunks(given, 8, T=9)
    bound = 88.7 / 8
    assert "C * max|log gate| < 88.7, |log gate| < 11.1" in report.notes[0]
    namespace = {"__name__": "module"}
    exec(compile(chunk_source(given, 8).text, "module", "exec"), namespace)
    rng = np.random.default_rng(0)
    arrays = {"q": rng.normal(size=(8, 2, 4)), "k": rng.normal(size=(8, 2, 4)), "v": rng.normal(size=(8, 2, 3))}
    for share, finite in ((0.9, True), (1.2, False)):
        inputs = {n: a.astype(np.float32) for n, a in arrays.items()} | {"w": np.full((8, 2, 4), -share * bound, np.float32)}
        with np.errstate(all="ignore"):
            out = namespace["forward"]({}, inputs)[0]["o"]
        assert out.dtype == np.float32 and np.isfinite(out).all() == finite
        if finite:
            exact = namespace["forward"]({}, {n: a.astype(np.float64) for n, a in inputs.items()})[0]["o"]
            np.testing.assert_allclose(out, exact, rtol=1e-4, atol=1e-4)


def test_commands(tmp_path, capsys):
    path = tmp_path / "gated.toml"
    path.write_text('[inputs]\nq = "K"\nk = "K"\nv = "V"\nd = ""\n[states]\nS = "K V"\n[equations]\n'
                    'S = "exp(-softplus(d)) * S[t-1] + outer(k, v)"\no = "S.T @ q"\n')
    assert main(["show", str(path), "--chunk", "4"]) == 0
    assert "c_{S,t} = 𝟏_{i≥j} g_{S,t}" in capsys.readouterr().out
    assert main(["derive", str(path), "--chunk", "4", "-T", "2", "--wrt", "k", "--form", "adjoint"]) == 0
    assert main(["verify", str(path), "--chunk", "4"]) == 0
    assert "none above 0 while gates are at most 1; the gate's own range of logarithms is -inf to 0" in capsys.readouterr().out
    assert main(["emit", str(path), "--chunk", "4", "-o", str(tmp_path / "gated.py")]) == 0
    assert main(["emit", "lstm", "--chunk", "4"]) == 2
    assert "lstm has no chunk form: h, c is not affine in itself" in capsys.readouterr().err
    assert main(["show", "hgrn", "--chunk", "2"]) == 2
    assert "a scan, without products of matrices; emit --chunk writes it for NumPy alone" in capsys.readouterr().err
    unroll, static = ["emit", "--unroll", "-T", "2"], ["emit", "--backend", "c", "--static", "T=4,N=1,K=2,V=2"]
    for wrong in (unroll, static, ["show", "--format", "toml"], ["verify", "--exact"]):
        assert main([wrong[0], str(path), "--chunk", "4", *wrong[1:]]) == 2


def test_nothing_is_stored_that_repeats_a_column():
    text = chunk_source(kernel("gated delta rule"), 4, "all").text
    core = text[text.index("def _forward_chunks"):text.index("def _forward(")]
    stored = [line for line in core.splitlines() if "np.broadcast_to(" in line]
    assert len(stored) == 1 and "c_S_rows[..., :, None] - c_S_rows[..., None, :]" in stored[0]
    assert '"...i,...ij->...ij", ' in core and "real_t[..., :, None], " in core
