"""Gradients of composed models: what was not handed from one part to another is named from the values alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from symbptt import compose
from symbptt.compose.handed import through_parts
from symbptt.compose.referee import drawn
from symbptt.compose.slips import LINK, SHARE, TURN_BACK, TURN_IN, UNMASKED, Slip, slips
from symbptt.diagnose.between_parts import Composed, findings
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.errors import BadInput

NAMED = (
    ("birnn", Slip(LINK, 2, "b"), "A direction's gradient is missing: what part 3 hands back for b"),
    ("birnn", Slip(SHARE, 1, "x"), "not added: x is read by part 2, too"),
    ("birnn", Slip(TURN_IN, 1), "A reversed sequence is not reversed"),
    ("birnn", Slip(TURN_BACK, 1), "A reversed input is not reversed back"),
    ("seq2seq", Slip(LINK, 1, "s"), "A state is handed over without its gradient: s starts at the last h"),
    ("seq2seq_attention_multiplicative", Slip(LINK, 1, "M"), "The memory's gradient is not handed back: M gives h nothing"),
)


@pytest.mark.parametrize(("name", "slip", "said"), [
    pytest.param(*case, marks=() if case[1].kind == LINK and case[0] != "seq2seq" else pytest.mark.slow) for case in NAMED
])
def test_published_mistakes_are_named(name: str, slip: Slip, said: str) -> None:
    chain = compose.load(name)
    point = drawn(chain, None, 3, 2, seed=1)
    assert slip in slips(chain)
    found = findings(Composed(point), through_parts(point, slip)[0])
    causes = {s.cause.explanation for f in found if not f.right for s in f.suspects}
    assert len(causes) == 1 and said in causes.pop() and all(f.right or f.certain for f in found)


@pytest.mark.slow
def test_right_gradients_and_unknown_mistakes() -> None:
    chain = compose.load("birnn")
    point = drawn(chain, None, 3, 2, seed=1)
    known, right = Composed(point), through_parts(point)[0]
    assert all(f.right for f in findings(known, right))
    found = Diagnosis(known.model, findings(known, right | {"W_hh": 2 * right["W_hh"], "b_b": right["b_b"] ** 3}))
    assert found["W_hh"].factor == pytest.approx(2) and found["b_b"].verdict == "wrong" and not found["b_b"].certain
    assert found["W_bb"].right and "No single mistake" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["seq2seq_attention_additive", "birnn --freeze"])
def test_every_slip_is_found_from_values_alone(name: str) -> None:
    """Also two at once, and with a mean in place of the sum."""
    chain = compose.load(name.split()[0], freeze=True if "freeze" in name else None)
    known = Composed(drawn(chain, None, 4, 3, seed=5))
    assert ("freeze" in name) == any(slip.kind == UNMASKED for slip in slips(chain))
    every = [slip for slip in slips(chain) if slip.name not in ("mask", "keep") or slip.kind == UNMASKED]
    for tried in (*((slip,) for slip in every), tuple(every[-2:]), tuple(every[:2])):
        wrong = {n: a / known.N for n, a in known.slipped(*tried).items()}
        changed = [n for n, a in wrong.items() if not np.allclose(a * known.N, known.right[n], rtol=1e-9, atol=1e-12)]
        assert changed, tried
        found = findings(known, wrong)
        assert all(f.certain for f in found), tried


def _packed(name: str, *slips: Slip) -> dict[str, np.ndarray]:
    point = drawn(compose.load(name), {"S": 4} if "attention" in name else None, 3, 2, seed=2)
    groups = zip(("parameters", "inputs", "targets", "states"), point.data.groups, strict=True)
    return {f"{group}.{n}": a for group, arrays in groups for n, a in arrays.items()} | {
        f"gradients.{n}": a for n, a in through_parts(point, *slips)[0].items()
    }


def test_a_file_of_values(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path, name = tmp_path / "theirs.npz", "seq2seq_attention_additive"
    np.savez(path, **_packed(name))
    assert run("diagnose", name, "--values", path)[0] == 0
    np.savez(path, **_packed(name, Slip(LINK, 1, "M")))
    code, out, _ = run("diagnose", name, "--values", path)
    assert code == 1 and "W_xh  wrong" in out and "W_so  right" in out
    assert "memory-lost: The memory's gradient is not handed back" in out
    assert '"name": "memory-lost"' in run("diagnose", name, "--values", path, "--format", "json")[1]


@pytest.mark.parametrize(("change", "said"), [
    ({"parameters.W_hh": None}, "parameters.W_hh is missing"), ({"inputs.x": np.zeros((3, 2, 9))}, "has the shape"),
    ({"gradients.q": np.zeros(2)}, "'q'"), ({"nonsense": np.zeros(2)}, "'nonsense'"),
    ({"targets.y": None}, "targets.y is missing"),
    ({"T": np.array(3)}, "T is not for models"), ({"states.q": np.zeros(2)}, "'q'"),
    ({"inputs.x": np.float64(3)}, "inputs.x"),
])
def test_a_file_that_does_not_fit(change: dict, said: str, run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "theirs.npz"
    np.savez(path, **{key: a for key, a in (_packed("birnn") | change).items() if a is not None})
    code, out, err = run("diagnose", "birnn", "--values", path)
    assert code == 2 and not out and said in err and err.count("\n") == 1


def test_other_ways_are_refused(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    none = ["--values", tmp_path / "none.npz"]
    for more in ([], ["none.py"], ["--formula", "dW_hh = 1"], none, ["none.py", "--timeout", "nan"],
                 ["none.py", "--values", "v.npz"], ["--values", "v.npz", "--wrt", "x"], ["none.py", "--chunk", "2"]):
        code, out, err = run("diagnose", "birnn", *more)
        assert code == 2 and not out and err.startswith("symbptt: ") and err.count("\n") == 1
    with pytest.raises(BadInput):
        findings(Composed(drawn(compose.load("birnn"), None, 2, 1, 0)), {"q": np.zeros(1)})
