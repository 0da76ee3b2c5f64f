"""Models whose names are the words that emitted code uses itself: the numbers stay those of the model under plain names."""

from __future__ import annotations

import ast
import itertools
from functools import cache
from string import Template
from typing import Any

import numpy as np
import pytest

from symbptt import data, emit
from symbptt.errors import BadInput
from symbptt.model import read
from symbptt.model.values import Model
from symbptt.verify.load import resolve

GATED = """
[inputs]
$x = "$D"
[states]
$h = "$H"
$c = "$H"
[parameters]
$Wi = "$H $D"
$Ui = "$H $H"
$bi = "$H"
$Wf = "$H $D"
$Uf = "$H $H"
$bf = "$H"
$V = "$O $H"
$h0 = "$H"
[initial]
$h = "$h0"
[targets]
$y = "$O"
[equations]
$ai = "$Wi @ $x + $Ui @ $h[t-1] + $bi"
$i = "sigmoid($ai)"
$af = "$Wf @ $x + $Uf @ $h[t-1] + $bf"
$f = "tanh($af)"
$c = "$f * $c[t-1] + $i * softplus($af)"
$h = "$i * tanh($c)"
$o = "$V @ $h"
[loss]
step = "softmax_cross_entropy($o, $y)"
"""
MATRIX = """
[inputs]
$x = "$K"
$v = "$K"
[states]
$M = "$K $K"
$s = ""
[parameters]
$w = "$K"
$B = "$K $K"
$u = ""
[equations]
$k = "$B @ $x"
$g = "sigmoid($u)"
$M = "$g * $M[t-1] + outer($v, $k)"
$s = "tanh($u * $s[t-1] + dot($w, $x))"
$q = "$M @ $w + $s * $v"
[loss]
step = "sum($q ** 2) + $s ** 2"
at = "last"
"""
UNTIED = """
[inputs]
$x = "$D"
[states]
$h = "$D"
[parameters]
$W = "$D $D"
$b = "$D"
[equations]
$h = "relu($W[t] @ $h[t-1]) + $b * $x"
[loss]
step = "sum($h * $h[t-1])"
"""
TEXTS = {"gated": GATED, "matrix": MATRIX, "untied": UNTIED}
NUMPY: dict[str, dict[str, Any]] = {
    "fast": {"clipping": True, "checkpoint": True}, "plain": {"style": "plain"}, "forward": {"mode": "forward"},
    "truncated": {"truncation": (2, 3)}, "unrolled": {"T": 3, "unroll": True},
}  # fmt: skip
FRAMEWORKS: dict[str, dict[str, Any]] = {
    f"{backend} {name}": {"backend": backend, **options}
    for backend in ("torch", "jax")
    for name, options in {"segments": {"checkpoint": True}, "truncated": {"truncation": (2, 3)}}.items()
}
KINDS = NUMPY | FRAMEWORKS


def places(text: str) -> list[str]:
    """What can be renamed."""
    return list(dict.fromkeys(name for _, name, _, _ in Template.pattern.findall(text)))


def model(name: str, renamed: dict[str, str]) -> Model:
    filled = Template(TEXTS[name]).substitute({place: place for place in places(TEXTS[name])} | renamed)
    return read.from_text(f'title = "{name}"\n{filled}', f"{name}.toml", name)


def identifiers(text: str) -> set[str]:
    """Every name in a module: of variables, arguments, functions, attributes and keywords."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        found |= {str(getattr(node, field)) for field in ("id", "arg", "name", "attr") if getattr(node, field, None)}
    return found


def legal(word: str) -> bool:
    try:
        model("matrix", {"x": word})
    except BadInput:
        return False
    return True


@cache
def words() -> tuple[str, ...]:
    """What all kinds of code call things, and the model file does not."""
    own: set[str] = set()
    for name, text in TEXTS.items():
        marked = model(name, {place: f"marked{i}" for i, place in enumerate(places(text))})
        for options in KINDS.values():
            own |= identifiers(emit.source(marked, wrt="all", **options).text)
    taken = {place for text in TEXTS.values() for place in places(text)}
    return tuple(sorted(word for word in own - taken if "marked" not in word and legal(word)))


def numbers(made: Model, options: dict[str, Any]) -> dict[str, np.ndarray]:
    """Loss and gradients; sizes and data depend on the order of names, not on what they are."""
    code = resolve(emit.source(made, wrt="all", **options))
    drawn = data.random(made, dict.fromkeys(made.dimensions, 2), T=3, N=2)
    return {"the loss": np.asarray(code.value(drawn)), **code.gradients(drawn)}


def agree(name: str, options: dict[str, Any], renamings: list[dict[str, str]]) -> None:
    expected = numbers(model(name, {}), options)
    for renamed in renamings:
        given = numbers(model(name, renamed), options)
        assert given.keys() == {renamed.get(place, place) for place in expected}
        for place, value in expected.items():
            np.testing.assert_allclose(given[renamed.get(place, place)], value, rtol=1e-9, atol=1e-11, err_msg=str(renamed))


def in_turn(name: str, start: int) -> list[dict[str, str]]:
    """Every word once; another start gives the words to other places."""
    where = places(TEXTS[name])
    where = where[start % len(where) :] + where[: start % len(where)]
    return [dict(zip(where, words()[i : i + len(where)], strict=False)) for i in range(0, len(words()), len(where))]


@pytest.mark.slow
def test_words_are_found_in_every_kind_of_code() -> None:
    assert {"span", "stop", "chunk", "steps", "directions", "step", "carry", "tangents", "weight", "dtype"} <= set(words())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gated", "untied"])
def test_fast_code_does_not_mind_its_own_words(name: str) -> None:
    agree(name, NUMPY["fast"], in_turn(name, 5))


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize("kind", NUMPY)
@pytest.mark.parametrize("name", TEXTS)
def test_no_word_is_in_the_way_at_any_place(name: str, kind: str) -> None:
    """Words are parameters at one start, dimensions, states or targets at another."""
    for start in (0, 9):
        agree(name, NUMPY[kind], in_turn(name, start))


@pytest.mark.share(4)
@pytest.mark.slow
@pytest.mark.frameworks
@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("name", TEXTS)
def test_no_word_is_in_the_way_of_a_framework(name: str, kind: str) -> None:
    pytest.importorskip(kind.split()[0])
    batches = in_turn(name, 4)
    agree(name, FRAMEWORKS[kind], batches[:: max(1, len(batches) // 8)] if kind.startswith("jax") else batches)


@pytest.mark.slow
@pytest.mark.share(2)
@pytest.mark.parametrize("kind", [*NUMPY, *(pytest.param(kind, marks=pytest.mark.slow) for kind in FRAMEWORKS)])
def test_names_that_code_derives_from_others_are_variables(kind: str) -> None:
    """A variable called like the gradient, adjoint, row, tangent or transpose of another one."""
    plain = identifiers(emit.source(model("gated", {}), wrt="all", **KINDS[kind]).text)
    own = places(GATED)
    derived = sorted(w for w in plain - set(own) - set(words()) if any(place in w for place in own) and legal(w))
    if "backend" in KINDS[kind]:
        pytest.importorskip(KINDS[kind]["backend"])
        derived = derived[:8]
    assert derived
    pairs = itertools.pairwise(derived[:: 1 + len(derived) // 16])
    agree("gated", KINDS[kind], [{"bi": word, "f": other} for word, other in pairs])


@pytest.mark.frameworks
def test_a_torch_module_has_parameters_of_any_name() -> None:
    """Names of attributes that torch.nn.Module has, or of the arguments that make one."""
    torch = pytest.importorskip("torch")
    renamed = {"W": "half", "b": "names", "D": "device", "x": "training", "h": "given"}
    emitted = resolve(emit.source(model("untied", renamed), backend="torch")).module
    layer = emitted.Module(device_=3, T=4)
    assert {name: tuple(value.shape) for name, value in layer.given().items()} == {"half": (4, 3, 3), "names": (3,)}
    assert {name for name, _ in layer.named_parameters()} == {"half_", "names_"}
    layer({"training": torch.randn(4, 2, 3)})["given"].sum().backward()
    assert all(value.grad is not None for value in layer.parameters())
    with pytest.raises(TypeError, match="expected are T, device"):
        emitted.Module(device_=3)
