"""symbptt read: a model file from a step function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
STEP = "import numpy as np\ndef step(x, h, W, U):\n    return np.tanh(x @ W + h @ U)\n\ndef other(x):\n    while x: pass\n"


def test_a_step_function_becomes_a_model_file(run: Run, tmp_path: Path) -> None:
    path, model = tmp_path / "step.py", tmp_path / "cell.toml"
    path.write_text(STEP)
    assert run("read", f"{path}:step", "-o", model) == (0, f"{model}\n", "")
    assert run("read", path)[1] == model.read_text()
    assert 'h = "tanh(W.T @ x + U.T @ h[t - 1])"' in model.read_text()
    assert run("show", model)[0] == 0
    assert run("read", path, "-o", model)[0] == 2, "it exists"


def test_what_cannot_be_read_is_one_sentence(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "step.py"
    path.write_text(STEP)
    for source, message in (
        (f"{path}:other", f"{path}, line 6: while x:: a step is assignments and one return at the end"),
        (f"{path}:stop", f"{path}: unknown function 'stop'; did you mean 'step'?"),
        (f"{tmp_path / 'no.py'}", f"{tmp_path / 'no.py'}: cannot be read: no such file or directory"),
        (f"{tmp_path}", f"{tmp_path}: cannot be read: is a directory"),
    ):
        assert run("read", source) == (2, "", f"symbptt: {message}\n")
    path.write_bytes(b"\xff\xfe")
    assert run("read", path) == (2, "", f"symbptt: {path}: is not UTF-8\n")
