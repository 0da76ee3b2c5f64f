"""Somebody's code for composed models: right as it is, and the published mistakes named, each in several layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symbptt import compose
from symbptt.diagnose import Diagnosis, composed
from symbptt.diagnose.submission.mapping import table
from symbptt.errors import BadInput

HERE = Path(__file__).parent / "between"
MODELS = {"with_class": "seq2seq", "attention": "seq2seq_attention_multiplicative"}
"""The models of the files; the others are for the bidirectional network."""


def diagnosed(name: str, tmp_path: Path, *edits: tuple[str, str]) -> Diagnosis:
    text = (HERE / f"{name}.py").read_text()
    for right, wrong in edits:
        assert right in text
        text = text.replace(right, wrong)
    (tmp_path / f"{name}.py").write_text(text)
    chain = compose.load(MODELS.get(name, "birnn"), freeze=True if name == "padded" else None)
    return composed.code(chain, tmp_path / f"{name}.py")


def slow(*rows: tuple) -> list:
    return [pytest.param(*row, marks=pytest.mark.slow) for row in rows]


RIGHT = ("batch_first", *slow(("columns",), ("with_class",), ("attention",), ("padded",)))


@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_are_right(name: str, tmp_path: Path) -> None:
    found = diagnosed(name, tmp_path)
    assert found.ok and found.findings and not found.opening, str(found)


MISTAKES = (
    # one direction's gradient lost
    ("batch_first", "dboth[:, :, H:][:, ::-1]", "0 * dboth[:, :, H:]", "direction-lost", "b"),
    ("batch_first", "dhf = dboth[:, :, :H]", "dhf = 0 * dboth[:, :, :H]", "direction-lost", "h"),
    ("columns", 'db = p["W_bo"].T @ do[t] + dlast', "db = dlast", "direction-lost", "b"),
    ("padded", "(do @ W_bo)[::-1], W_xb", "0 * hs, W_xb", "direction-lost", "b"),
    # not added
    ("batch_first", "dx = dx_f + dx_b[:, ::-1]", "dx = dx_f", "share-missing", "x"),
    # attention without the encoder's part
    ("attention", "dh = dh + dM[:, t]", "pass", "memory-lost", "M"),
    ("attention", "    dh = carry\n", "    dh = 0 * carry\n", "handover-lost", "s"),
    ("with_class", "        for t in reversed(range(len(self.x))):",
     "        carry = 0 * carry\n        for t in reversed(range(len(self.x))):", "handover-lost", "s"),
    # reversed input not reversed back
    ("batch_first", "dx_b[:, ::-1]", "dx_b", "not-reversed", "stay in its order"),
    ("batch_first", "dboth[:, :, H:][:, ::-1]", "dboth[:, :, H:]", "not-reversed", "reach part 2"),
    ("padded", "(do @ W_bo)[::-1]", "do @ W_bo", "not-reversed", "reach part 2"),
    ("batch_first", "hb[:, 1:][:, ::-1]], axis=2)", "hb[:, 1:]], axis=2)", "not-reversed", "not reversed back"),
    # the mask ignored in the reversed direction
    ("padded", "xr, mr = x[::-1], mask[::-1]", "xr, mr = x[::-1], np.ones_like(mask)", "mask-ignored", "part 2"),
    ("padded", "= back(xr, mr", "= back(xr, np.ones_like(mr)", "mask-ignored", "the backward pass of part 2"),
    # inside a part
    ("columns", 'dlast = p["W_bb"].T @ dz', 'dlast = p["W_bb"] @ dz', "transpose-missing", "part 2"),
    # as two mistakes: the state that is handed over gets nothing either
    ("with_class", "            carry = da @ self.dec[1]\n", "            carry = 0 * da\n", "carry-dropped",
     "handover-lost: A state"),
    # in a helper of both directions: each part by its name
    ("batch_first", "carry = da @ Wh.T", "carry = da @ Wh", "transpose-missing", "W_xh, W_hh, b_h: transpose-missing"),
    ("batch_first", "(1 - h[:, t + 1] ** 2)", "(1 - h[:, t + 1])", "slope-wrong", "what is wrong inside parts gives these"),
)
QUICK = (0, 5)


@pytest.mark.parametrize(("name", "right", "wrong", "cause", "said"), [
    row if number in QUICK else pytest.param(*row, marks=pytest.mark.slow) for number, row in enumerate(MISTAKES)
])
def test_the_published_mistakes_are_named(name: str, right: str, wrong: str, cause: str, said: str, tmp_path: Path) -> None:
    edits = [(right, wrong)]
    if "axis=2" in right:  # consistently: forward and backward
        edits.append(("dboth[:, :, H:][:, ::-1]", "dboth[:, :, H:]"))
    found = diagnosed(name, tmp_path, *edits)
    assert not found.ok and found.findings, str(found)
    wrong_ones = [f for f in found.findings if not f.right]
    told = " ".join(str(found).split())
    assert said in told and all(f.certain or f.note for f in wrong_ones), str(found)
    assert next(f for f in reversed(wrong_ones) if f.certain).causes[0] == cause, str(found)


RAISED = (
    ("batch_first", "dboth = do @ Wy.T", "dboth = do @ Wy"),
    ("batch_first", "    dhb = dboth", "    strange = hf[:, T + 1]\n    dhb = dboth"),
    ("attention", "    dh = carry\n", "    raise ValueError('theirs')\n"),
    ("with_class", "carry = da @ self.dec[1]", "carry = da @ self.dec[7]"),
    ("columns", "dz = db * (1 - b[t] ** 2)", "dz = db * (1 - b[t + 2] ** 2)"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "right", "wrong"), [RAISED[0], *slow(*RAISED[1:])])
def test_an_exception_of_theirs_is_shown_and_none_of_a_layout(name: str, right: str, wrong: str, tmp_path: Path) -> None:
    text = (HERE / f"{name}.py").read_text().replace(right, wrong)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.strip() == wrong.splitlines()[0].strip())
    found = diagnosed(name, tmp_path, (right, wrong))
    assert not found.ok and f"line {line}" in found.notes[0], str(found)


OWN = """
def theirs(x, y, zzz):
    raise ValueError("no")
"""


def test_what_cannot_be_called_is_said(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(OWN)
    code, out, err = run("diagnose", "birnn", path)
    assert code == 2 and not out and "cannot guess what the argument 'zzz' of theirs is" in err
    (tmp_path / "m.toml").write_text('dtype = "float32"')
    assert "dtype, library and chunk are not for" in run("diagnose", "birnn", path, "--mapping", tmp_path / "m.toml")[2]
    (tmp_path / "m.toml").write_text('[names]\nzzz = "W_q"')
    assert "'W_q'" in run("diagnose", "birnn", path, "--mapping", tmp_path / "m.toml")[2]


@pytest.mark.slow
def test_a_mapping_tells_names_and_cotangents_may_be_given(tmp_path: Path) -> None:
    text = (HERE / "padded.py").read_text().replace("W_xh, W_hh, b_h, W_xb", "one, two, b_h, W_xb")
    for before in ("mask, ", "W_ho, "):
        text = text.replace(f"{before}W_xh, W_hh", f"{before}one, two")
    text = text.replace("dW_xh, dW_hh", "done, dtwo")
    text = text[:text.index("    p = np.exp")] + "    do = dout\n" + text[text.index("    dW_ho = "):]
    (tmp_path / "theirs.py").write_text(text.replace("mask, y):", "mask, dout):").replace("return loss, ", "return "))
    chain = compose.load("birnn", freeze=True)
    told = table({"names": {"one": "W_xh", "two": "W_hh"}, "layout": "column"}, chain)  # type: ignore[arg-type]
    found = composed.code(chain, tmp_path / "theirs.py", table=told)
    assert found.ok and len(found.findings) == 9, str(found)


def test_a_table_of_kernels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="chunk"):
        composed.code(compose.load("birnn"), HERE / "padded.py", table=table({"chunk": 2}, compose.load("birnn")))  # type: ignore[arg-type]
