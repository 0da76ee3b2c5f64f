"""What gradients are asked for by."""

from __future__ import annotations

import pytest

from symbptt.data.wrt import ALL, asked
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import load


@pytest.mark.parametrize(("wrt", "names"), [
    (None, "W_xh W_hh b_h W_ho b_o"), (ALL, "x h W_xh W_hh b_h W_ho b_o"), ([ALL], "x h W_xh W_hh b_h W_ho b_o"),
    ("h", "h"), (["b_h", "x"], "b_h x"),
])
def test_names_are_those_asked_for(wrt: list[str] | str | None, names: str) -> None:
    assert [v.name for v in asked(load("elman"), wrt)] == names.split()


def test_what_has_no_gradient() -> None:
    with pytest.raises(BadInput, match="y is a target of elman"):
        asked(load("elman"), "y")
    with pytest.raises(UnknownName, match="unknown variable 'W_h'"):
        asked(load("elman"), ["b_h", "W_h"])
