"""Somebody's code: layouts and names that are guessed or mapped, well-read backward passes, and code that misbehaves."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import symbptt
from symbptt.diagnose import Diagnosis, code
from symbptt.diagnose.submission.mapping import table
from symbptt.errors import BadInput
from symbptt.model.read import from_text

THEIRS = Path(__file__).parent / "theirs"
Write = Callable[[str], Path]

ELMAN = """
import numpy as np

def backward(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    T, N = x.shape[:2]
    h = [h0]
    for t in range(T):
        h.append(np.tanh(x[t] @ W_xh.T + h[-1] @ W_hh.T + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    dW_ho, db_o, carry, loss = np.zeros_like(W_ho), np.zeros_like(b_o), 0, 0
    for t in reversed(range(T)):
        o = h[t + 1] @ W_ho.T + b_o
        p = np.exp(o - o.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss -= np.log(p[range(N), y[t]]).sum()
        do = p.copy()
        do[range(N), y[t]] -= 1
        dW_ho += do.T @ h[t + 1]
        db_o += do.sum(axis=0)
        dh = do @ W_ho + carry
        da = dh * (1 - h[t + 1] ** 2)
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ h[t]
        db_h += da.sum(axis=0)
        carry = da @ W_hh
    return loss, dW_xh, dW_hh, db_h, dW_ho, db_o
"""

UNLIKE = """
[inputs]
x = "D"
[states]
h = "H"
s = "K"
[parameters]
W = "H H"
U = "K K"
A = "H D"
B = "K D"
[equations]
h = "tanh(W @ h[t-1] + A @ x)"
s = "tanh(U @ s[t-1] + B @ x)"
[loss]
step = "(dot(h, h) + dot(s, s)) / 2"
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def made(text: str) -> Path:
        path = tmp_path / "theirs.py"
        path.write_text(textwrap.dedent(text))
        return path

    return made


def verdicts(found: Diagnosis) -> set[str]:
    return {f.verdict for f in found.findings}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("model", "file", "function", "mapping"), [
    ("elman", "char_rnn.py", None, THEIRS / "char_rnn.toml"),
    ("elman", "rows.py", "rnn_backward", None),
    ("lstm", "rows.py", "lstm_backward", None),
    ("lstm", "columns.py", "lstm_backward", None),
])
def test_well_read_backward_passes_are_right(model: str, file: str, function: str | None, mapping: Path | None) -> None:
    found = code.file(model, THEIRS / file, function, mapping)
    assert found.ok and verdicts(found) == {"right"} and len(found.findings) >= 5


@pytest.mark.slow
def test_the_published_gradient_without_its_carries() -> None:
    mapping = table({"forward": "lstm_forward"}, symbptt.load("lstm"))
    found = code.file("lstm", THEIRS / "columns.py", "lstm_backward_without_carry", mapping)
    for finding in found.findings:
        first = [(s.cause.name, s.cause.state) for s in finding.suspects[:2]]
        assert first == [("carry-dropped", "h"), ("carry-dropped", "c")] and finding.certain


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("old", "new", "gradient", "cause"), [
    ("        carry = da @ W_hh\n", "", "W_hh", "carry-dropped"),
    ("da.T @ h[t]\n", "da.T @ h[t + 1]\n", "W_hh", "off-by-one"),
    ("dh * (1 - h[t + 1] ** 2)", "dh", "b_h", "slope-missing"),
    ("carry = da @ W_hh\n", "carry = da @ W_hh.T\n", "W_hh", "transpose-missing"),
    ("dW_xh += da.T", "dW_xh = da.T", "W_xh", "overwritten"),
    ("reversed(range(T))", "reversed(range(1, T))", "W_hh", "step-missing"),
    ("dh * (1 - h[t + 1] ** 2)", "dh * (1 - np.tanh(h[t + 1]) ** 2)", "W_hh", "slope-argument"),
    ("        do[range(N), y[t]] -= 1\n", "", "b_o", "loss-slope"),
    ("dh = do @ W_ho + carry", "dh = do @ W_ho * (t == T - 1) + carry", "W_xh", "last-loss-only"),
    ("h = [h0]", "h = [0 * h0]", "W_ho", "initial-state-ignored"),
    ("    return loss,", "    dW_hh = np.clip(dW_hh, -.5, .5)\n    return loss,", "W_hh", "clipped"),
])
def test_a_mistake_in_code_is_named(write: Write, old: str, new: str, gradient: str, cause: str) -> None:
    assert old in ELMAN
    found = code.file("elman", write(ELMAN.replace(old, new)))
    assert found[gradient].verdict == "wrong" and found[gradient].certain
    assert cause in {s.cause.name for s in found[gradient].suspects if s.hypothesis == 1}, str(found)


@pytest.mark.slow
def test_gradients_come_as_dicts_lists_or_without_names(write: Write) -> None:
    for ending in ("return loss, {'W_hh': dW_hh, 'b_h': db_h}", "return {'dW_hh': dW_hh, 'grad_b_h': db_h}",
                   "return [loss, dW_xh, dW_hh, db_h, dW_ho + 0, db_o]", "return dict(W_hh=dW_hh, b_h=db_h)"):
        path = write(ELMAN.replace("return loss, dW_xh, dW_hh, db_h, dW_ho, db_o", ending))
        found = code.file("elman", path)
        assert all(f.right for f in found.findings) and len(found.findings) + len(found.unjudged) == 5, ending
        assert found.ok == (not found.unjudged) and code.file("elman", path, wrt=["W_hh", "b_h"]).ok, ending


@pytest.mark.slow
def test_a_mean_loss_is_scaled_unless_the_mapping_says_so(write: Write) -> None:
    text = ELMAN.replace("return loss, dW_xh, dW_hh, db_h, dW_ho, db_o", "return loss / T / N, dW_hh / T / N, db_h / T / N")
    found = code.file("elman", write(text))
    assert verdicts(found) == {"scaled"} and found.causes == ("mean-for-sum",)
    said = {"loss": "mean", "wrt": ["W_hh", "b_h"]}
    assert code.file("elman", write(text), table=table(said, symbptt.load("elman"))).ok


@pytest.mark.sampled(6)
@pytest.mark.parametrize("style", ["plain", "fast"])
@pytest.mark.parametrize(("model", "function"), [("gru", "value_and_grad"), ("lstm", "backward"), ("jordan", None)])
def test_emitted_modules(tmp_path: Path, model: str, function: str | None, style: str) -> None:
    path = symbptt.emit.source(model, wrt="all", style=style).write(tmp_path / "emitted.py")
    found = code.file(model, path or tmp_path / "emitted.py", function)
    assert found.ok and {v.name for v in symbptt.load(model).parameters} < {f.gradient for f in found.findings}


MISBEHAVING = {
    "hangs": ("while True: pass", "ran longer than 3 s"),
    "raises": ("raise ValueError('no idea')", "raised ValueError: no idea (line 4"),
    "exits": ("raise SystemExit(0)", "raised SystemExit"),
    "leaves": ("import os; os._exit(0)", "ended its process with code 0"),
    "crashes": ("import os; os.abort()", "ended by SIGABRT"),
    "returns nothing": ("return None", "no gradient that can be recognised, but"),
    "returns text": ("return 'W_hh'", "no gradient that can be recognised, but"),
    "eats memory": ("x = np.ones(10**10)", "MemoryError"),
    "writes elsewhere": ("open('/tmp/symbptt-must-not-exist', 'w')", "refused"),
    "writes a large file": ("open('large', 'wb').write(b'0' * 10**8)", "raised"),
    "starts programs": ("import subprocess; subprocess.run(['true'])", "refused"),
    "asks": ("input()", "raised EOFError"),
    "forks": ("import os; os.fork()", "os.fork was refused"),
    "reads the environment": ("import os; os.environ['SECRET']", "the caller's environment is not handed on"),
    "fails to fail": ("class E(Exception): __str__ = None\n    raise E", "raised E"),
}


@pytest.mark.sampled(9)
@pytest.mark.parametrize("how", MISBEHAVING)
def test_code_that_misbehaves(write: Write, how: str) -> None:
    body, message = MISBEHAVING[how]
    path = write(f"import numpy as np\n\ndef backward(parameters, inputs, targets):\n    {body}\n")
    # Only what never ends may run into the limit of time, on a busy machine too.
    found = code.file("elman", path, limits=code.Limits(seconds=3 if how == "hangs" else 120))
    assert not found.ok and not found.findings and any(message in note for note in found.notes), found.notes
    assert not Path("/tmp/symbptt-must-not-exist").exists()


@pytest.mark.slow
def test_a_layout_that_was_not_reached_in_time_is_not_called_wrong(write: Write) -> None:
    body = "    import time\n    time.sleep(1.2)\n    return {'W_hh': 0 * W_hh}\n"
    text = "def backward(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):\n"
    found = code.file("elman", write(text + body), limits=code.Limits(seconds=3))
    assert not found.findings and not found.ok
    assert any("ran longer than 3 s" in note for note in found.notes), found.notes


def test_code_that_prints_and_writes_is_judged_all_the_same(write: Write) -> None:
    text = ELMAN.replace("    T, N = x", "    print('hello ' * 1000)\n    np.save('mine', x)\n    T, N = x")
    found = code.file("elman", write(text))
    assert found.ok
    assert any("printed" in note for note in found.notes) and any("mine.npy" in note for note in found.notes)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("line", "message"), [
    ("import no_such_module", "raised ModuleNotFoundError"), ("while True: pass", "took too long"),
    ("raise SystemExit", "raised SystemExit"), ("data = open('input.txt').read()", "raised FileNotFoundError"),
])
def test_what_a_script_does_outside_its_functions_is_left_out(write: Write, line: str, message: str) -> None:
    text = "from __future__ import annotations\n" + ELMAN + f"\n{line}\n"
    number = text.splitlines().index(line) + 1
    found = code.file("elman", write(text))
    assert found.ok and any(f"outside functions: line {number} {message}" in note for note in found.notes), found.notes


def test_wrong_shapes_types_and_numbers_are_findings(write: Write) -> None:
    text = ELMAN.replace("return loss, dW_xh, dW_hh, db_h, dW_ho, db_o",
                         "return {'dW_xh': dW_xh[:1], 'dW_hh': dW_hh * np.nan, 'db_h': 'b', 'dW_ho': dW_ho, 'db_o': db_o + 1j}")
    found = code.file("elman", write(text))
    assert {f.gradient: f.causes for f in found.findings if not f.right} == {
        "W_xh": ("shape-wrong",), "W_hh": ("not-finite",), "b_h": ("not-real",), "b_o": ("not-real",),
    }
    assert found["W_ho"].right


def test_a_buffer_that_is_never_cleared(write: Write) -> None:
    text = ELMAN.replace("def backward", "total = 0\n\ndef backward").replace(
        "    return loss,", "    global total\n    total = total + dW_hh\n    dW_hh = total\n    return loss,")
    found = code.file("elman", write(text))
    assert found["W_hh"].causes[0] == "stale-buffer" and found["W_xh"].right


def test_a_file_may_begin_with_a_mark_of_its_encoding(write: Write) -> None:
    assert code.file("elman", write("\ufeff" + ELMAN)).ok


def test_the_environment_is_not_theirs(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBPTT_SECRET", "secret")
    text = ELMAN.replace("    T, N = x", "    import os\n    assert 'SYMBPTT_SECRET' not in os.environ\n    T, N = x")
    assert code.file("elman", write(text)).ok


@pytest.mark.parametrize(("text", "message"), [
    ("def f(:", "not Python: line 1"),
    ("x = 1", "name it with --function"),
    ("def backward(parameters, inputs, nonsense): pass", "cannot guess what the argument 'nonsense'"),
    ("def backward(x, W_hh): pass", "neither targets nor cotangents"),
    ("def backward(dh, cache): pass", "takes a cache"),
    ("def backward(theta, x, y): W = theta[:4]", r"order in a mapping: \[names\] theta = \[\"W_xh\", \"W_hh\""),
    ("def backward(x, y, h0, Wx, Wh, b_ih, b_hh): pass", r"in a mapping: \[names\] b_hh = 0"),
    ("class A(Function):\n    def backward(ctx): pass\nclass B(Function):\n    def backward(ctx): pass", "each of A, B has"),
    ("class Layer(Function):\n    @staticmethod\n    def backward(ctx, dh): pass", "--function theirs:Layer"),
    ("def rnn(x, W_hh): pass\ndef rnn_bwd(res, g): pass\nrnn.defvjp(rnn, rnn_bwd)", "--function theirs:rnn"),
])
def test_bad_files(write: Write, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        code.file("elman", write(text))


@pytest.mark.parametrize(("data", "message"), [
    ({"colour": 1}, "unknown key 'colour'"), ({"axes": "TTD"}, "axes are letters"), ({"layout": "rows"}, "layout is"),
    ({"names": {"W": "W_hx"}}, "did you mean"), ({"names": {"W": [["W_hh"], []]}}, "expected a name"),
    ({"loss": "median"}, "unknown loss"), ({"T": 0}, "between 1 and 50"), ({"names": {"d": "cotangent x"}}, "unknown output"),
    ({"returns": [1]}, "list of names"), ({"function": 3}, "expected"), ({"sizes": {"Q": 1}}, "unknown dimension"),
])
def test_bad_mappings(data: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        table(data, symbptt.load("elman"))


@pytest.mark.parametrize(("change", "why"), [
    ("dW_hh = dW_hh * np.random.default_rng().random()", "draws random numbers"),
    ("calls.append(1); dW_hh = dW_hh * len(calls)", None),
    ("calls.append(1); dW_hh = dW_hh + len(calls) ** 2 - 1", "keeps something between calls"),
])
def test_a_function_that_gives_other_numbers_at_a_second_call(write: Write, change: str, why: str | None) -> None:
    """Only a second call that adds the first one's gradient once more is a buffer that was never cleared."""
    counting = ELMAN.replace("def backward", "calls = []\n\ndef backward")
    text = counting.replace("    return loss,", f"    {change}\n    return loss,")
    found = code.file("elman", write(text))["W_hh"]
    assert found.causes[0] == ("stale-buffer" if why is None else "not-deterministic") and found.certain
    assert why is None or why in found.suspects[0].cause.explanation


def test_the_same_transpose_missing_for_states_of_unlike_sizes_is_told_for_each(write: Write) -> None:
    model = from_text(UNLIKE, "unlike")
    path = write("""
        import numpy as np

        def backward(params, inputs, targets, states):
            W, U, A, B = (params[name] for name in "WUAB")
            x, h, s = inputs["x"], [states["h"]], [states["s"]]
            for t in range(len(x)):
                h.append(np.tanh(h[-1] @ W.T + x[t] @ A.T))
                s.append(np.tanh(s[-1] @ U.T + x[t] @ B.T))
            g = {name: np.zeros_like(value) for name, value in params.items()}
            dh, ds = np.zeros_like(h[0]), np.zeros_like(s[0])
            for t in reversed(range(len(x))):
                dz, dq = (dh + h[t + 1]) * (1 - h[t + 1] ** 2), (ds + s[t + 1]) * (1 - s[t + 1] ** 2)
                for name, d, read in (("W", dz, h[t]), ("A", dz, x[t]), ("U", dq, s[t]), ("B", dq, x[t])):
                    g[name] += d.T @ read
                dh, ds = dz @ W.T, dq @ U.T
            return g
        """)
    found = str(code.file(model, path))
    assert "transpose-missing" in found and " and U δ" in found and "+ U δ" not in found
