"""The line to look at computes the wrong quantity: not a call of what computes it, not room made for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import symbptt
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import WRONG, Finding, Suspect
from symbptt.diagnose.submission.arguments import calls
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.meaning import Meaning
from symbptt.diagnose.submission.quantities import quantities
from symbptt.diagnose.submission.signature import source
from symbptt.diagnose.submission.source_lines import line

TEXT = """
import numpy as np

def step(dh, h, cache):
    x, W = cache
    da = (1 - h ** 2) * dh
    dW_hh = da.T @ h
    return da @ W, dW_hh, da.sum(0)

def pairs(d, z):
    return d.T @ z

def backward(x, W_xh, W_hh, W_ho, h, do):
    grads = {"W_xh": np.zeros_like(W_xh)}
    dW_hh, db, dW_f, dW_g = (np.zeros_like(W_hh) for _ in range(4))
    dW_q = 0
    dh_next = np.zeros(3)
    for t in reversed(range(len(x))):
        dh = do[t] @ W_ho + dh_next
        dh_next, dW, dbt = step(dh, h[t], (x, W_hh))
        dW_hh += dW
        db += dbt
        grads["W_xh"] += dW @ x[t]
        for d, total in ((dh, dW_f), (dh_next, dW_g)):
            total += d.T @ x[t]
    dW_q = pairs(dh, x)
    return grads, dW_hh, db, dW_q, {"W_copy": dW_q, "W_made": dh.T @ x, "W_room": np.zeros(3)}
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.py"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize(("names", "found"), [
    (["W_xh"], 'grads["W_xh"] += dW @ x[t]'),
    (["dh_next"], "return da @ W, dW_hh, da.sum(0)"),
    (["dW"], "dW_hh = da.T @ h"),
    (["dW_f"], "total += d.T @ x[t]"),
    (["dW_q"], "return d.T @ z"),
    (["dh"], "dh = do[t] @ W_ho + dh_next"),
    (["da"], "da = (1 - h ** 2) * dh"),
    (["dW_hh"], "dW_hh = da.T @ h"),
    (["W_copy"], "return d.T @ z"),
    (["W_made"], 'return grads, dW_hh, db, dW_q, {"W_copy": dW_q, "W_made": dh.T @ x, "W_room": np.zeros(3)}'),
    (["W_room"], ""),
    (["nothing", "dh"], "dh = do[t] @ W_ho + dh_next"),
    (["nothing"], ""),
])
def test_the_line_that_computes_a_value(theirs: Path, names: list[str], found: str) -> None:
    said = line(source(theirs), "backward", names)
    assert said.partition(": ")[2] == found
    assert not found or TEXT.splitlines()[int(said.split(":")[0].split()[1]) - 1].strip() == found


CELL = """
def cell(dh, dc, f, q, W, c):
    dct = dc + dh * q
    dft = dct * c
    g = {}
    g["dh_prev"] = W.T @ dft
    g["dc_prev"] = dct
    return g

def product(h, W):
    return h @ W

class Net:
    def backward(self, W, h, c):
        for t in reversed(range(3)):
            g = cell(dh, dc, f[t], q[t], W, c[t])
            dh, dc = g["dh_prev"], g["dc_prev"]
            da = dh * h[t]
            db += da
            dW = da @ h[t]
            ds = ds + W.T @ da
            dk[t] = ds @ h
            dr = da
            dx[t] = dr
            ds = dr
            dqt = product(h, W)
            dq = dqt
"""


@pytest.mark.parametrize(("names", "carry", "cause", "found"), [
    (["dc"], True, "", 'g["dc_prev"] = dct'),
    (["dct"], False, "", "dct = dc + dh * q"),
    (["db"], False, "", "db += da"),
    (["ds"], False, "", "ds = ds + W.T @ da"),
    (["ds"], True, "", "ds = dr"),
    (["dx"], False, "route-missing", "dr = da"),
    (["dq"], False, "overwritten", "dq = dqt"),
    (["dq"], False, "factor-missing", "return h @ W"),
    (["dq"], False, "step-missing", "for t in reversed(range(3)):"),
    (["dx"], False, "", "da = dh * h[t]"),
])
def test_what_is_handed_on_and_what_is_read_again(tmp_path: Path, names: list[str], carry: bool, cause: str, found: str) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(CELL)
    assert line(source(path), "Net.backward", names, carry, cause).partition(": ")[2] == found


@pytest.mark.parametrize(("cause", "names"), [
    (Cause("off-by-one", None, "W_hh", 1), ["dW_hh"]),
    (Cause("carry-dropped", "h", "h", 1, carry=True), ["dh_next", "dh"]),
    (Cause("off-by-one", "h", "h", 1, target="W_hh"), ["dW_hh"]),
    (Cause("initial-state-ignored", "h", "h", 1), []),
    (Cause("route-missing", "h", "h", 1), ["dh"]),
    (Cause("slope-missing", None, "a", 1), ["da"]),
])
def test_the_quantity_that_a_cause_concerns(theirs: Path, cause: Cause, names: list[str]) -> None:
    finding, model = Finding("W_hh", WRONG, 1.0, (Suspect(cause, True),)), symbptt.load("elman")
    (call,) = calls(source(theirs), "backward", Table(), model)
    assert [*quantities(finding, "dW_hh", call, model, {})][: len(names) or None] == names
    assert not [*quantities(replace(finding, suspects=(Suspect(cause, False),)), "dW_hh", call, model, {})]


def test_a_gate_is_called_as_its_parameters_are(tmp_path: Path) -> None:
    path, model = tmp_path / "theirs.py", symbptt.load("lstm")
    path.write_text("def backward(W_o, b_o, h, do_h):\n    dh = do_h\n    do = dh * 2\n    return do @ h\n")
    names = {"W_o": Meaning("blocks", (("W_hq", "W_xq"),)), "b_o": Meaning("blocks", (("b_q",),)), "do_h": Meaning("ignore")}
    (call,) = calls(source(path), "backward", Table(names=names), model)
    finding = Finding("W_hq", WRONG, 1.0, (Suspect(Cause("slope-argument", None, "a_q", 1), True),))
    assert [*quantities(finding, "W_o", call, model, {})] == ["do"]
