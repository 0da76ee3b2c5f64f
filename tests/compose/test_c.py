"""Composed models in C: verified as the emitted file says, clean for compilers, and called from Python like every module."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import compose
from symbptt.compose.emission import source
from symbptt.compose.program import program
from symbptt.compose.whole import whole
from symbptt.emit.source_file import wanted_variables
from symbptt.program.check import check

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
KINDS = sorted((Path(__file__).parent / "kinds").glob("*.toml"))
FROZEN = ("birnn", "bilstm")
EVERY = [*((name, False) for name in (*compose.names(), *map(str, KINDS))), *((name, True) for name in FROZEN)]
every = pytest.mark.parametrize(("name", "freeze"), EVERY, ids=lambda value: Path(str(value)).stem)


def written(folder: Path, name: str, freeze: bool = False, **options: Any) -> Path:
    chain = compose.load(name, freeze=freeze or None)
    return source(chain, "c", "all", stem="made", **options).write(folder / "made.c")


@pytest.mark.slow
def test_a_file_is_verified(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    path = written(tmp_path, "seq2seq_attention_multiplicative")
    code, out, _ = run("verify", path, "-T", 2, "-N", 1, "--dims", "S=3")
    assert code == 0 and "complex step" in out and "recursion and code" in out and "dot product" in out


@pytest.mark.share(3)
@pytest.mark.slow
@every
def test_every_kind_agrees(name: str, freeze: bool, tmp_path: Path) -> None:
    path = written(tmp_path, name, freeze)
    for T, N in ((1, 1), (2, 3)):
        compose.file(path, T=T, N=N, seed=3).raise_for_disagreement()


@pytest.mark.parametrize(("name", "freeze"), [
    row if row[0] == "seq2seq" else pytest.param(*row, marks=pytest.mark.slow) for row in EVERY
])
def test_the_program_holds_what_programs_must(name: str, freeze: bool) -> None:
    chain = compose.load(name, freeze=freeze or None)
    for function in program(whole(chain), wanted_variables(chain, "all")).functions:
        check(function)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["birnn", "seq2seq", "seq2seq_attention_additive", "seq2seq_bilstm"])
def test_compilers_have_nothing_to_say_and_the_self_check_agrees(name: str, tmp_path: Path) -> None:
    path, prefix = written(tmp_path, name), name.upper()
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wvla", "-Werror", "-fsanitize=address,undefined"]
    command = ["gcc", *flags, f"-D{prefix}_MAIN", f"-D{prefix}_DOUBLE", str(path), "-lm", "-o", str(tmp_path / "check")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([str(tmp_path / "check")], capture_output=True, text=True)
    assert done.returncode == 0 and "WRONG" not in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_sizes_may_be_fixed(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    """Those of a phase without a name for its steps, too; the file without its sizes is verified."""
    path, sizes = tmp_path / "small.c", "T=2,T_encoder=3,N=2,D=2,H=3,O=2,E=2"
    assert run("emit", "seq2seq", "--backend", "c", "--wrt", "all", "--static", sizes, "-o", path)[0] == 0
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wvla", "-Werror"]
    command = ["gcc", *flags, "-DSEQ2SEQ_MAIN", "-DSEQ2SEQ_DOUBLE", str(path), "-lm", "-o", str(tmp_path / "check")]
    subprocess.run(command, check=True)
    done = subprocess.run([str(tmp_path / "check")], capture_output=True, text=True)
    assert done.returncode == 0 and "WRONG" not in done.stdout, done.stdout + done.stderr
    assert run("verify", path, "-T", "2", "-N", "1")[0] == 0
    code, _, err = run("emit", "seq2seq", "--backend", "c", "--static", "T=2")
    assert code == 2 and "N is missing; expected" in err and "T_encoder" in err


@pytest.mark.slow
def test_phases_of_unlike_lengths_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lengths are told by the inputs of each phase, also where the file has no name for one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = written(tmp_path, "seq2seq", python=True).with_suffix(".py")
    spec = spec_from_file_location("made", path)
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    plain: dict[str, Any] = {}
    exec(source(compose.load("seq2seq"), wrt="all").text, plain)
    rng = np.random.default_rng(0)
    sizes = {"D": 2, "H": 3, "O": 2, "E": 4}
    parameters = {n: rng.standard_normal([sizes[s] for s in shape]) for n, shape in made.PARAMETERS.items()}
    inputs = {"x": rng.standard_normal((7, 2, 2)), "v": rng.standard_normal((3, 2, 4))}
    targets = {"y": rng.integers(0, 2, (3, 2))}
    loss, gradients = made.value_and_grad(parameters, inputs, targets)
    right, wanted = plain["value_and_grad"](parameters, inputs, targets)
    assert loss == pytest.approx(right, rel=1e-12)
    assert all(np.allclose(gradients[name], wanted[name], rtol=1e-11, atol=1e-13) for name in wanted)
    outputs, residuals = made.forward(parameters, inputs)
    assert outputs["h"].shape == (7, 2, 3) and outputs["o"].shape == (3, 2, 2)
    cotangents = {name: rng.standard_normal(array.shape) for name, array in outputs.items()}
    back = made.backward(parameters, residuals, cotangents)
    wanted = plain["backward"](parameters, plain["forward"](parameters, inputs)[1], cotangents)
    assert all(np.allclose(back[name], wanted[name], rtol=1e-11, atol=1e-13) for name in wanted)
    with pytest.raises(ValueError, match="cotangent of h has shape"):
        made.backward(parameters, residuals, {"h": np.ones((7, 5, 3))})


def test_what_c_does_not_take(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    for more in (["--python"], ["--python", "-o", tmp_path / "a.py"], ["--style", "plain"], ["--static", "T=2"]):
        code, out, err = run("emit", "birnn", "--backend", "c", *more)
        assert code == 2 and not out and err.startswith("symbptt: ") and err.count("\n") == 1
    assert run("emit", "birnn", "--python", "-o", tmp_path / "a.py")[0] == 2 and not list(tmp_path.iterdir())
