"""Bad input: one clear message, exit code 2, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import symbptt

Run = Callable[..., tuple[int, str, str]]


BAD = [
    (["derve"], "unknown command 'derve'; did you mean 'derive'?"),
    (["xyz"], "unknown command 'xyz'; known: analyze, assignment, build"),
    (["derive"], "Missing argument 'MODEL'"),
    (["derive", "elman", "--from", "sum"], "No such option"),
    (["derive", "elman", "--form", "nest"], "Invalid value for '--form'"),
    (["show", "elmann"], "did you mean 'elman'?"),
    (["show", "elman", "--loss", "squared_eror"], "did you mean 'squared_error'?"),
    (["show", "elman", "--activation", "than"], "did you mean 'tanh'?"),
    (["derive", "elman", "--wrt", "W_hx"], "did you mean 'W_x"),
    (["derive", "elman", "--form", "adjoint", "--wrt", "W_hx"], "did you mean 'W_x"),
    (["derive", "elman", "--form", "adjoint", "--wrt", "y"], "y is a target"),
    (["derive", "elman", "--form", "nested", "--wrt", "a"], "a is a local"),
    (["derive", "elman", "--paths", "--form", "nested"], "not those of --form nested"),
    (["derive", "elman", "--paths", "-T", "5"], "up to T = 4, not 5"),
    (["derive", "elman", "--wrt", "W_hh,,b_h"], "--wrt: expected names separated by commas"),
    (["emit", "elman", "--wrt", "W_hx"], "did you mean 'W_x"),
    (["emit", "elman", "--backend", "nunpy"], "did you mean 'numpy'?"),
    (["emit", "elman", "--unroll"], "--unroll needs -T"),
    (["emit", "elman", "-T", "3"], "-T needs --unroll"),
    (["emit", "elman", "-o", "missing/elman.py"], "the folder missing does not exist"),
    (["emit", "elman", "-o", "."], "is a folder"),
    (["emit", "elman", "-T", "0", "--unroll"], "T must be between 1 and"),
    (["unroll", "elman", "-T", "0"], "T must be between 1 and"),
    (["unroll", "elman", "-T", "-1"], "T must be between 1 and"),
    (["unroll", "elman", "-T", "two"], "'two' is not a valid integer"),
    (["unroll", "elman", "-T", "1.5"], "'1.5' is not a valid integer"),
    (["unroll", "elman", "-T", "1000000000"], "T must be between 1 and"),
    (["document", "elman", "--notation", "goodfelow"], "notation 'goodfelow'; did you mean 'goodfellow'?"),
    (["document", "elman", "--notation", "none.toml"], "notation none.toml: No such file or directory"),
    (["document", "elman", "--layout", "rows"], "Invalid value for '--layout'"),
    (["document", "elman", "--lang", "fr"], "language 'fr'"),
    (["derive", "elman", "--notation", "suvw"], "notation 'suvw'"),
    (["document", "elman", "-T", "0"], "T must be between 1 and"),
    (["document", "elman", "--format", "docx"], "Invalid value for '--format'"),
    (["document", "elman", "-o", "file"], "exists and is not a folder"),
    (["verify", "missing.py"], "missing.py"),
    (["verify", "file.py", "--loss", "none"], "--loss, --activation and the like are for models"),
    (["verify", "elman", "--dims", "D:3"], "--dims: expected NAME=SIZE"),
    (["verify", "elman", "--dims", "Q=3"], "unknown dimension 'Q'"),
    (["verify", "elman", "-T", "0"], "T must be"),
    (["show", "missing.toml"], "missing.toml"),
    (["show", "."], "."),
    (["show", "file"], "file"),
    (["assignment", "elman"], "assignment: give a folder to write with -o"),
    (["assignment", "elman", "--for", "moodle", "-o", "new"], "Invalid value for '--for'"),
    (["assignment", "elman", "--credit", "none.toml", "-o", "new"], "none.toml: cannot be read"),
    (["assignment", "elman", "--wrt", "W_hx", "-o", "new"], "did you mean 'W_x"),
    (["assignment", "elman", "-o", "file"], "exists and is not a folder"),
    (["grade", "missing", "--model", "elman"], "missing: cannot be read as a folder of submissions"),
    (["grade", "."], "Missing option '--model'"),
    (["grade", ".", "--model", "elman", "-o", "report.pdf"], "expected a name that ends in .html, .csv or .json"),
    (["grade", ".", "--model", "elman", "--credit", "none.toml"], "none.toml: cannot be read"),
    (["grade", ".", "--model", "elman", "--wrt", "W_hx"], "did you mean 'W_x"),
    (["grade", ".", "--model", "elman", "--timeout", "nan"], "--timeout: expected seconds"),
    (["completion", "tcsh"], "'tcsh' is not one of"),
]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_bad_input_is_one_clear_message(
    arguments: list[str], message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("not a model")
    before = sorted(Path().iterdir())
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("symbptt: ") and message in err and err.count("\n") == 1 and "Traceback" not in err
    assert sorted(Path().iterdir()) == before


def test_a_path_that_the_system_refuses(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "locked.toml")

    monkeypatch.setattr("symbptt.model.read.file", refuse)
    assert run("show", "locked.toml") == (2, "", "symbptt: locked.toml: permission denied\n")


def test_an_interrupt_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(symbptt, "load", interrupt, raising=False)
    code, out, err = run("show", "elman")
    assert (code, out, err.strip()) == (130, "", "symbptt: interrupted")
