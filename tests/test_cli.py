"""The command line: what it prints, what it refuses, and its exit codes."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import symbptt
from symbptt.cli import main, progress

COMMANDS = ("list", "show", "unroll", "derive", "document", "emit", "verify", "build", "completion")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: exit code, standard output, standard error."""

    def runs(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return runs


def process(*arguments: str, options: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, *options, "-m", "symbptt", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ | environment)


@pytest.mark.parametrize("arguments", [[], *([command] for command in COMMANDS)], ids=lambda a: a[0] if a else "symbptt")
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = process(*arguments, "--help", options=("-X", "importtime"))
    assert done.returncode == 0 and done.stdout.startswith("Usage: symbptt")
    modules = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "click" in modules and "symbptt.cli" in modules
    assert not {"sympy", "numpy", "jinja2"} & modules


@pytest.mark.skipif(sys.platform == "win32", reason="counts processor time")
def test_help_takes_at_most_a_tenth_of_a_second() -> None:
    def processor_time() -> float:
        before = os.times()
        assert process("--help").returncode == 0
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(processor_time() for _ in range(5)) <= 0.1


def test_help_lists_the_commands_in_the_order_of_the_pipe(run: Run) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    commands = out.split("Commands:")[1]
    assert tuple(re.findall(r"^  ([a-z]+)  ", commands, re.M)) == COMMANDS
    assert "..." not in commands, "a short help is too long"
    assert run() == (0, out, "")


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"symbptt {symbptt.__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, run: Run) -> None:
    code, out, _ = run("completion", shell)
    assert code == 0 and "_SYMBPTT_COMPLETE" in out


@pytest.mark.parametrize(("words", "expected"), [
    ("symbptt der", "derive"), ("symbptt show el", "elman"), ("symbptt show elman --loss squ", "squared_error"),
    ("symbptt emit elman --activation sig", "sigmoid"), ("symbptt derive elman --form nes", "nested"),
])
def test_completion_of_words(words: str, expected: str) -> None:
    done = process(_SYMBPTT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    assert f"plain,{expected}" in done.stdout.splitlines(), done.stderr


def test_list_and_show(run: Run) -> None:
    code, out, _ = run("list")
    assert code == 0 and re.search(r"^elman +Elman network", out, re.M)
    code, out, _ = run("show", "elman")
    assert code == 0
    for word in ("W_hh", "H H", "tanh", "softmax_cross_entropy", "Elman (1990)"):
        assert word in out
    code, out, _ = run("show", "elman", "--loss", "squared_error", "--activation", "relu")
    assert code == 0 and "ReLU" in out and "tanh" not in out and "squared_error" in out


def test_show_prints_a_file_that_is_a_model(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(run("show", "elman", "--format", "toml")[1], encoding="utf-8")
    code, out, err = run("show", path)
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == run("show", "elman")[1].splitlines()[1:]


def test_unroll(run: Run) -> None:
    code, out, _ = run("unroll", "elman", "-T", "2")
    assert code == 0 and [line.split(" = ")[0] for line in out.splitlines()].count("h₂") == 1
    data = json.loads(run("unroll", "elman", "-T", "2", "--format", "json")[1])
    assert data["schema"] == 1 and data["T"] == 2
    assert [(a["variable"], a["step"]) for a in data["assignments"]] == [(name, t) for t in (1, 2) for name in "ahoL"]
    assert r"\tanh" in run("unroll", "elman", "--format", "latex")[1]


@pytest.mark.parametrize("form", ["sum", "adjoint", "nested"])
@pytest.mark.parametrize("layout", ["text", "latex", "json"])
def test_derive(form: str, layout: str, run: Run) -> None:
    code, out, err = run("derive", "elman", "-T", "2", "--wrt", "W_hh", "--form", form, "--format", layout)
    assert (code, err) == (0, "") and out.strip()
    if layout == "json":
        assert json.loads(out)["schema"] == 1


def test_derive_several(run: Run) -> None:
    data = json.loads(run("derive", "elman", "-T", "2", "--format", "json")[1])
    assert data["schema"] == 1 and len(data["results"]) == len(symbptt.load("elman").parameters)
    everything = json.loads(run("derive", "elman", "-T", "2", "--wrt", "all", "--format", "json")[1])
    assert len(everything["results"]) == len(data["results"]) + 2
    pair = json.loads(run("derive", "elman", "-T", "2", "--wrt", "x, h", "--format", "json")[1])
    assert len(pair["results"]) == 2


def test_document_writes_one_file_per_format(run: Run, tmp_path: Path) -> None:
    code, out, err = run("document", "elman", "-T", "2", "-o", tmp_path / "new" / "folder")
    assert (code, err) == (0, "")
    assert sorted(out.split()) == sorted(str(p) for p in (tmp_path / "new" / "folder").iterdir())
    assert sorted(Path(p).suffix for p in out.split()) == [".html", ".tex"]
    assert run("document", "elman", "-T", "2", "--format", "tex", "-o", tmp_path)[0] == 0
    assert [p.suffix for p in tmp_path.iterdir() if p.is_file()] == [".tex"]


def test_emit_writes_what_it_prints(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "elman.py"
    assert run("emit", "elman", "-o", path) == (0, f"{path}\n", "")
    assert run("emit", "elman")[1] == path.read_text(encoding="utf-8")
    code, unrolled, _ = run("emit", "elman", "-T", "2", "--unroll", "--wrt", "all")
    assert code == 0 and unrolled != path.read_text(encoding="utf-8")


def test_existing_files_are_replaced_only_by_force(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "elman.py"
    path.write_text("mine")
    code, out, err = run("emit", "elman", "-o", path)
    assert (code, out) == (2, "") and err == f"symbptt: {path}: exists already; --force (force=True) replaces it\n"
    assert path.read_text() == "mine"
    assert run("emit", "elman", "-o", path, "--force")[0] == 0
    assert path.read_text() != "mine"
    written = run("document", "elman", "-T", "1", "-o", tmp_path)[1].split()
    first = [Path(p).read_bytes() for p in written]
    Path(written[1]).write_text("mine")
    Path(written[0]).unlink()
    assert run("document", "elman", "-T", "1", "-o", tmp_path)[0] == 2
    assert Path(written[1]).read_text() == "mine" and not Path(written[0]).exists()
    assert run("document", "elman", "-T", "1", "-o", tmp_path, "--force")[0] == 0
    assert [Path(p).read_bytes() for p in written] == first


def test_verify_a_model_and_a_file(run: Run, tmp_path: Path) -> None:
    code, out, err = run("verify", "elman", "-T", "2", "--dims", "D=2,H=2,O=2", "-N", "1", "--seed", "1")
    assert (code, err) == (0, "") and "complex step" in out
    path = tmp_path / "elman.py"
    assert run("emit", "elman", "-o", path)[0] == 0
    code, out, err = run("verify", path, "--format", "json")
    assert (code, err) == (0, "") and json.loads(out)["schema"] == 1 and json.loads(out)["ok"]
    text = path.read_text(encoding="utf-8")
    path.write_text(text + _WRONG, encoding="utf-8")
    code, out, err = run("verify", path)
    assert code == 1 and "W_hh" in out and "DISAGREES" in out
    assert re.fullmatch(rf"symbptt: {re.escape(str(path))}: \d+ of \d+ checks disagree\n", err)


_WRONG = '''

_right = value_and_grad


def value_and_grad(*arguments, **options):
    loss, gradients = _right(*arguments, **options)
    return loss, gradients | {"W_hh": 1.001 * gradients["W_hh"]}
'''

BAD = [
    (["derve"], "unknown command 'derve'; did you mean 'derive'?"),
    (["xyz"], "unknown command 'xyz'; known: build, completion"),
    (["derive"], "Missing argument 'MODEL'"),
    (["derive", "elman", "--from", "sum"], "No such option"),
    (["derive", "elman", "--form", "nest"], "Invalid value for '--form'"),
    (["show", "elmann"], "did you mean 'elman'?"),
    (["show", "elman", "--loss", "squared_eror"], "did you mean 'squared_error'?"),
    (["show", "elman", "--activation", "than"], "did you mean 'tanh'?"),
    (["derive", "elman", "--wrt", "W_hx"], "did you mean 'W_x"),
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
    (["document", "elman", "-T", "0"], "T must be between 1 and"),
    (["document", "elman", "--format", "pdf"], "Invalid value for '--format'"),
    (["document", "elman", "-o", "file"], "exists and is not a folder"),
    (["verify", "missing.py"], "missing.py"),
    (["verify", "file.py", "--loss", "none"], "--loss and --activation are for models"),
    (["verify", "elman", "--dims", "D:3"], "--dims: expected NAME=SIZE"),
    (["verify", "elman", "--dims", "Q=3"], "unknown dimension 'Q'"),
    (["verify", "elman", "-T", "0"], "T must be"),
    (["show", "missing.toml"], "missing.toml"),
    (["show", "."], "."),
    (["show", "file"], "file"),
    (["completion", "tcsh"], "'tcsh' is not one of"),
]


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

    monkeypatch.setattr(symbptt, "load", refuse, raising=False)
    assert run("show", "locked.toml") == (2, "", "symbptt: locked.toml: permission denied\n")


def test_an_interrupt_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(symbptt, "load", interrupt, raising=False)
    code, out, err = run("show", "elman")
    assert (code, out, err.strip()) == (130, "", "symbptt: interrupted")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "symbptt", "unroll", "elman", "-T", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout and running.stderr
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""


def test_output_is_utf8_whatever_the_locale() -> None:
    done = process("derive", "elman", "-T", "1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stderr == ""


class Terminal(io.StringIO):
    """A standard error that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)], ids=["terminal", "pipe"])
def test_progress_is_for_terminals(stream: io.StringIO, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.01)
    monkeypatch.setattr(progress, "TICK", 0.01)
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress("deriving"):
        time.sleep(0.2)
    assert ("deriving ... 0 s" in stream.getvalue()) is shown
    assert stream.getvalue().endswith("\r\x1b[K") is shown


def test_short_work_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress("deriving"):
        pass
    assert stream.getvalue() == ""
