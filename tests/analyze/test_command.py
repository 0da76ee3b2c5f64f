"""The command `symbptt analyze`."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import symbptt
from symbptt import analyze
from symbptt.cli import main


@pytest.fixture
def run(capsys):
    def runs(*arguments):
        code = main(["analyze", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return runs


def test_json_lists_every_term(run):
    code, out, err = run("elman", "-T", 6, "--format", "json")
    data = json.loads(out)
    assert (code, err, data["schema"]) == (0, "", 1)
    assert [set(term) for term in data["terms"]] == [{"loss_step", "source_step", "parameter", "norm", "share"}] * (5 * 21)
    table = analyze.tabulate(symbptt.load("elman"), analyze.point(symbptt.load("elman"), 6))
    for term in data["terms"]:
        assert term["norm"] == table[term["parameter"]].norms[term["loss_step"] - 1, term["source_step"] - 1]
    for name in ("W_hh", "W_xh", "b_h"):
        assert sum(term["share"] for term in data["terms"] if term["parameter"] == name) == pytest.approx(1)


def test_csv(run):
    code, out, _ = run("lstm", "-T", 3, "--wrt", "W_hf", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == 6 and {row["parameter"] for row in rows} == {"W_hf"}


@pytest.mark.slow
def test_every_table_as_csv(run):
    data = json.loads(run("lstm", "-T", 3, "--randomise", 0.5, "--format", "json")[1])
    for name in ("terms", "sums", "signals", "products", "factors", "jacobians", "spectra", "units", "randomised"):
        code, out, _ = run("lstm", "-T", 3, "--randomise", 0.5, "--format", "csv", "--table", name)
        rows = list(csv.DictReader(io.StringIO(out)))
        assert code == 0 and len(rows) == len(data[name])
        for ours, theirs in zip(rows, data[name], strict=True):
            assert {key: str(value) for key, value in theirs.items() if not isinstance(value, list)}.items() <= ours.items()
        for key, values in ((k, v) for k, v in data[name][0].items() if isinstance(v, list) and v and not isinstance(v[0], list)):
            assert [float(rows[0][f"{key}_{i}"]) for i, _ in enumerate(values, start=1)] == values


def test_text_and_file(run, tmp_path):
    path = tmp_path / "flow.txt"
    code, out, err = run("gru", "-T", 4, "--wrt", "all", "--per-sample", "--norm", "2", "-o", path)
    assert (code, out.strip(), err) == (0, str(path), "")
    assert "by the bound" in path.read_text() and "direct route only" in path.read_text()
    assert run("gru", "-T", 4, "-o", path)[0] == 2 and run("gru", "-T", 4, "-o", path, "--force")[0] == 0


def test_values_initialisers_and_changes(run, tmp_path):
    np.savez(tmp_path / "v.npz", x=np.ones((4, 1, 3)))
    code, out, _ = run("lstm", "--values", tmp_path / "v.npz", "--init", "W_hf=orthogonal", "--set", "b_f=3", "--scale", "W_hi=2",
                       "--format", "json", "--products", "last")
    data = json.loads(out)
    assert code == 0 and data["T"] == 4 and data["N"] == 1
    assert data["source"] == "seed 0; given: x; b_f = 3; W_hi * 2"
    spectra = {item["name"]: item for item in data["spectra"]}
    assert spectra["W_hf"]["norm"] == pytest.approx(1) == spectra["W_hf"]["radius"]
    assert {row["t"] for row in data["products"] if not row["direct"]} == {4}


def test_truncations_and_modes(run):
    code, out, _ = run("elman", "-T", 6, "--window", 2, "--randomise", 0.5, "--modes", "--format", "json")
    data = json.loads(out)
    assert code == 0 and data["truncation"]["k2"] == 2 and len(data["randomised"]) == 5 and data["modes"]["error"] < 1e-12
    code, out, _ = run("elman", "-T", 6, "--k1", 2, "--k2", 3, "--randomise", 0.5, "--modes")
    assert code == 0 and "every 2 steps back over at most 3" in out and "outcomes" in out and "forward" in out


@pytest.mark.parametrize("arguments", [
    ("elman", "--window", "0"), ("elman", "--k1", "2"), ("elman", "--randomise", "0.5"), ("elman", "-T", "3", "--randomise", "2"),
    ("nosuch",), ("elman", "-T", "0"), ("elman", "-T", "x"), ("elman", "--dims", "Q=1"), ("elman", "--values", "missing.npz"),
    ("elman", "--init", "nosuch"), ("elman", "--init", "he", "--init", "xavier"), ("elman", "--init", "W_hh=he,b"),
    ("elman", "--set", "b_h"), ("elman", "--set", "b=1"), ("elman", "--scale", "W_hh=much"), ("elman", "--norm", "L2"),
    ("elman", "--wrt", "nosuch"), ("elman", "--loss", "none", "--format", "csv"), ("elman", "-N", "0"), ("elman", "--seed", "-1"),
    ("elman", "--format", "csv", "--table", "pie"), ("elman", "--table", "terms"),
    ("mlp", "--format", "csv", "--table", "spectra"),
])
def test_bad_input(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "") and err.startswith("symbptt: ") and len(err.splitlines()) == 1


def test_a_disagreement_is_exit_code_1(run, monkeypatch):
    from symbptt.analyze import table

    monkeypatch.setattr(table, "ROUNDING", -1.0)
    code, out, err = run("elman", "-T", 2)
    assert code == 1 and "DISAGREE" in out and "do not add up" in err
