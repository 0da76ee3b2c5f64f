"""Reports: verdicts, text, JSON, and the error that they raise."""

from __future__ import annotations

import json

import pytest

from symbptt.errors import Disagreement
from symbptt.verify import Check, Report

GOOD = Check("complex step", "W_hh", 3e-16, 1e-11)
BAD = Check("complex step", "b_h", 1e-3, 1e-11, "b_h[1]: emitted 1.001, complex step 1")
WORSE = Check("scalar oracle", "b_h", float("inf"), 1e-11, "b_h: emitted has shape (1,), expected (4,)")


@pytest.mark.parametrize(("error", "ok"), [("0", True), ("1e-11", True), ("1.1e-11", False), ("nan", False), ("inf", False)])
def test_a_check_agrees_up_to_its_tolerance(error: str, ok: bool) -> None:
    assert Check("route", "W", float(error), 1e-11).ok is ok


def test_a_report_agrees_if_something_was_checked_and_all_agree() -> None:
    assert Report("m", (GOOD,)).ok
    assert not Report("m", (GOOD, BAD)).ok
    assert not Report("m", ()).ok


def test_the_table_is_aligned_and_shows_the_worst_subject_of_a_route() -> None:
    lines = Report("m", (GOOD, BAD, WORSE), ("something was left out",)).table().splitlines()
    assert lines[0].split() == ["check", "subjects", "worst", "error", "tolerance", "worst", "at"]
    column = lines[0].index("tolerance")
    assert [line[column:].split()[0] for line in lines[1:3]] == ["1e-11", "1e-11"]
    assert lines[1].split()[:3] == ["complex", "step", "2"] and lines[1].endswith("b_h       DISAGREES")
    assert [line for line in lines if line.startswith("DISAGREES")] == [f"DISAGREES  {BAD}"]
    assert lines[-1] == "note: something was left out"


def test_json_is_plain_and_names_its_schema() -> None:
    read = json.loads(json.dumps(Report("m", (GOOD, BAD, WORSE)).json(), allow_nan=False))
    assert read["schema"] == 1 and read["ok"] is False and read["subject"] == "m"
    assert [check["ok"] for check in read["checks"]] == [True, False, False]
    assert read["checks"][1]["where"] == BAD.where and read["checks"][2]["worst_error"] == "inf"


def test_a_disagreement_is_raised_with_its_place() -> None:
    Report("m", (GOOD,)).raise_for_disagreement()
    with pytest.raises(Disagreement, match=r"m: 1 of 2 checks disagree\n  complex step, b_h: .* b_h\[1\]"):
        Report("m", (GOOD, BAD)).raise_for_disagreement()
    with pytest.raises(Disagreement, match="nothing was checked"):
        Report("m", ()).raise_for_disagreement()
