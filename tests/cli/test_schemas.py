"""What the commands print as JSON is what docs/schema says, and nothing that it does not say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commands import FILES

from symbptt.cli import cli, hook
from symbptt.mcp import tools

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "schema"
Run = Callable[..., tuple[int, str, str]]


def strict(schema: Any) -> Any:
    """The schema with no room for what it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: value if key in ("const", "enum", "required", "type") else strict(value) for key, value in schema.items()}
    loose = "properties" not in schema or "additionalProperties" in schema or {} in schema["properties"].values()
    # A table of properties may have one of this name, which is a schema and no list.
    is_schema = isinstance(schema.get("type"), (str, list))
    return made if loose or not is_schema else {**made, "additionalProperties": False}


SCHEMAS = {path.stem: strict(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.json"))}


def check(name: str, data: Any) -> None:
    jsonschema.validate(data, SCHEMAS[name])


def printed(run: Run, *words: str) -> Any:
    code, out, err = run(*words, "--format", "json")
    assert code in (0, 1) and out, err
    return json.loads(out)


LINES = (
    "unroll elman -T 2", "derive elman -T 2", "derive elman -T 2 --wrt W_hh", "derive elman -T 1 --form adjoint",
    "derive elman -T 2 --form nested --wrt b_h", "derive elman -T 2 --paths --wrt W_hh", "analyze elman -T 3",
    "analyze elman -T 3 --window 2 --entries --per-sample", "analyze elman --structure",
    "analyze seq2seq_bilstm -T 2 --window 1", "derive elman -T 3 --window 2", "analyze birnn --structure",
    "analyze --experiment curves",
    "verify elman -T 2 --dims D=2,H=2,O=2 -N 1", "diagnose elman --formula dW_hh=dh[1]@h[0].T",
    "diagnose elman --formula d(h[t],h[t-1])=W_hh",
)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("line", LINES)
def test_a_command(line: str, run: Run) -> None:
    words = line.split()
    check(words[0], printed(run, *words))


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.parametrize("kind", FILES)
def test_every_kind(kind: str, run: Run) -> None:
    model = str(FILES[kind])
    for words in (("unroll",), ("derive",), ("derive", "--form", "adjoint"), ("derive", "--form", "nested"), ("analyze",)):
        check(words[0], printed(run, words[0], model, "-T", "2", *words[1:]))


@pytest.mark.slow
def test_files(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "class" / "mine.py"
    path.parent.mkdir()
    emitted = tools.emit("elman")
    check("emit", emitted)
    for text in (emitted["text"], emitted["text"].replace("d_h_next = d_a @ W_hh ", "d_h_next = 0.5 * d_a @ W_hh.T * (t != 3) ")):
        path.write_text(text, encoding="utf-8")
        check("verify", printed(run, "verify", str(path)))
        check("diagnose", printed(run, "diagnose", "elman", str(path)))
        check("diagnose", tools.diagnose("elman", text))
        check("grade", printed(run, "grade", str(path.parent), "--model", "elman", "--jobs", "1"))


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_a_question_bank(language: str, run: Run, tmp_path: Path) -> None:
    code, out, err = run("quiz", "elman", "--for", "json", "--count", "9", "--lang", language, "-o", str(tmp_path))
    assert code == 0, err
    data = json.loads(Path(out.strip()).read_text(encoding="utf-8"))
    check("quiz", data)
    kinds = {question["type"] for variant in data["variants"] for question in variant["questions"]}
    assert kinds == {"numerical", "choice", "ordering", "matching", "cloze"}


def test_every_command_with_json_has_a_schema() -> None:
    def prints(name: str) -> bool:
        told = [p.type for p in cli.commands[name].params if p.opts in (["--format"], ["--for"])]
        return any("json" in getattr(kind, "choices", ()) for kind in told)

    assert {name for name in cli.commands if prints(name)} | {"emit"} == set(SCHEMAS)
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    assert all(f"(schema/{name}.json)" in page for name in SCHEMAS)


def test_a_schema_refuses_what_it_does_not_name(run: Run) -> None:
    data = printed(run, "unroll", "elman", "-T", "1")
    for wrong in ({**data, "more": 1}, {**data, "T": "1"}, {k: v for k, v in data.items() if k != "model"}):
        with pytest.raises(jsonschema.ValidationError):
            check("unroll", wrong)
    data["assignments"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        check("unroll", data)


@pytest.mark.slow
def test_the_hook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What .pre-commit-hooks.yaml runs takes several files and fails if one of them does."""
    assert "entry: python -m symbptt.cli.hook\n" in (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    text = tools.emit("elman")["text"]
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(text, encoding="utf-8")
    wrong.write_text(text.replace(" + d_h_next ", " "), encoding="utf-8")
    assert hook.verified([str(right)]) == 0 and hook.verified([]) == 0
    assert hook.verified([str(wrong), str(right)]) == 1 and "checks disagree" in capsys.readouterr().err
