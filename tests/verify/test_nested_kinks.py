"""A kink behind a kink, over several steps: what made SymPy's Piecewise simplify without an end."""

from __future__ import annotations

from symbptt import verify
from symbptt.model import define


def test_a_running_maximum_is_verified_by_the_oracle_too() -> None:
    """The stabiliser of the sLSTM (Beck et al. 2024): m = max(m[t-1] + f, i)."""
    model = define.model(
        name="stabilised", inputs={"x": "D"}, states={"m": "H", "c": "H"}, parameters={"W": "H D", "V": "H D"},
        targets={"y": "H"}, equations={
            "i": "W @ x", "f": "V @ x", "d": "i - f - m[t-1]", "m": "f + m[t-1] + relu(d)",
            "c": "exp(f + m[t-1] - m) * c[t-1] + exp(i - m)",
        },
        loss="squared_error(c, y)",
    )
    report = verify.gradients(model, dims={"D": 1, "H": 2}, T=3)
    assert report.ok, report.table()
    assert any(check.name == "scalar oracle" for check in report.checks)
