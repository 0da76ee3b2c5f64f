"""Gradients of composed models: what was not handed from one part to another is named from the values alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from symbptt import compose
from symbptt.compose.handed import LINK, SHARE, TURN_BACK, TURN_IN, Slip, composed, slips
from symbptt.compose.referee import drawn
from symbptt.diagnose.composed import gradients
from symbptt.errors import BadInput

NAMED = (
    ("birnn", Slip(LINK, 2, "b"), "a direction's gradient is missing: what part 3 hands back for b"),
    ("birnn", Slip(SHARE, 1, "x"), "not added: x is read by part 2, too"),
    ("birnn", Slip(TURN_IN, 1), "a reversed sequence is not reversed"),
    ("birnn", Slip(TURN_BACK, 1), "a reversed input is not reversed back"),
    ("seq2seq", Slip(LINK, 1, "s"), "a state is handed over without its gradient: s starts at the last h"),
    ("seq2seq_attention_multiplicative", Slip(LINK, 1, "M"), "the memory's gradient is not handed back: M gives h nothing"),
)


@pytest.mark.parametrize(("name", "slip", "said"), [
    pytest.param(*case, marks=() if case[1].kind == LINK and case[0] != "seq2seq" else pytest.mark.slow) for case in NAMED
])
def test_published_mistakes_are_named(name: str, slip: Slip, said: str) -> None:
    chain = compose.load(name)
    point = drawn(chain, None, 3, 2, seed=1)
    assert slip in slips(chain)
    found = gradients(chain, composed(point, slip)[0], point)
    assert not found.ok and len(found.causes) == 1 and said in found.causes[0]


def test_right_gradients_and_unknown_mistakes() -> None:
    chain = compose.load("birnn")
    point = drawn(chain, None, 3, 2, seed=1)
    right = composed(point)[0]
    assert gradients(chain, right, point).ok and "wrong" not in str(gradients(chain, right, point))
    wrong = gradients(chain, right | {"W_hh": 2 * right["W_hh"]}, point)
    assert not wrong.ok and wrong.causes == () and "no single step between the parts explains it" in str(wrong)


def _packed(name: str, slip: Slip | None) -> dict[str, np.ndarray]:
    point = drawn(compose.load(name), {"S": 4} if "attention" in name else None, 3, 2, seed=2)
    groups = zip(("parameters", "inputs", "targets", "states"), point.data.groups, strict=True)
    return {f"{group}.{n}": a for group, arrays in groups for n, a in arrays.items()} | {
        f"gradients.{n}": a for n, a in composed(point, slip)[0].items()
    }


def test_a_file_of_values(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path, name = tmp_path / "theirs.npz", "seq2seq_attention_additive"
    np.savez(path, **_packed(name, None))
    assert run("diagnose", name, "--values", path)[0] == 0
    np.savez(path, **_packed(name, Slip(LINK, 1, "M")))
    code, out, _ = run("diagnose", name, "--values", path)
    assert code == 1 and "W_xh  wrong" in out and "W_so  right" in out and "the memory's gradient is not handed back" in out


@pytest.mark.parametrize(("change", "said"), [
    ({"parameters.W_hh": None}, "parameters.W_hh is missing"), ({"inputs.x": np.zeros((3, 2, 9))}, "has the shape"),
    ({"gradients.q": np.zeros(2)}, "'q'"), ({"nonsense": np.zeros(2)}, "'nonsense'"),
    ({"targets.y": None}, "targets.y is missing"),
    ({"gradients.b_o": np.zeros(9)}, "gradients.b_o has the shape"), ({"states.q": np.zeros(2)}, "'q'"),
    ({"inputs.x": np.float64(3)}, "inputs.x"),
])
def test_a_file_that_does_not_fit(change: dict, said: str, run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "theirs.npz"
    np.savez(path, **{key: a for key, a in (_packed("birnn", None) | change).items() if a is not None})
    code, out, err = run("diagnose", "birnn", "--values", path)
    assert code == 2 and not out and said in err and err.count("\n") == 1


def test_other_ways_are_refused(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    for more in (["theirs.py"], ["--formula", "dW_hh = 1"], ["--values", tmp_path / "none.npz"], ["--format", "json"]):
        code, out, err = run("diagnose", "birnn", *more)
        assert code == 2 and not out and err.startswith("symbptt: ") and err.count("\n") == 1
    with pytest.raises(BadInput):
        gradients(compose.load("birnn"), {"q": np.zeros(1)}, drawn(compose.load("birnn"), None, 2, 1, 0))
