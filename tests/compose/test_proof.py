"""Exact checks of composed models: every part is proved, and a wrong rule is found in the part that has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symbptt import compose
from symbptt.algebra import linear, tidy

KINDS = sorted((Path(__file__).parent / "kinds").glob("*.toml"))
SQUARE = """[inputs]
x = "H"
[states]
h = "H"
[backward]
b = "H"
[parameters]
W = "H H"
[equations]
h = "tanh(x + 0.5 * h[t-1])"
b = "tanh(W @ b[t+1] + h)"
[loss]
step = "sum(b)"
"""


@pytest.mark.parametrize("model", [
    *(pytest.param(name, marks=() if name == "birnn" else pytest.mark.slow) for name in compose.names()),
    *(pytest.param(path, marks=pytest.mark.slow, id=path.stem) for path in KINDS),
])
def test_every_part_is_proved(model: str | Path) -> None:
    chain = compose.load(model)
    report = compose.prove(chain)
    assert report.ok, report.table()
    for number, part in enumerate(chain.parts, 1):
        claims = {check.name for check in report.checks if check.name.startswith(f"part {number}, ")}
        assert f"part {number}, proved: local rules" in claims, part
        assert f"part {number}, sampled exactly: recursion, T = 3" in claims, part


def test_a_wrong_rule_is_found_in_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: linear.Left) -> linear.Left:
        rows, columns = self.factor.shape
        return self if rows == columns else linear.Left(tidy.transpose(self.factor))

    monkeypatch.setattr(linear.Left, "transposed", forgetful)
    report = compose.prove(compose.read.from_text(SQUARE, "square.toml", "square"))
    assert {check.name.split(",")[0] for check in report.disagreements} == {"part 2"}


def test_the_command_takes_no_sizes(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("verify", "birnn", "--exact", "-T", "2") == (
        2, "", "symbptt: --exact is for a MODEL, and chooses its own sizes; only --seed goes with it\n",
    )
