"""Several modules as one: names are changed where they mean something of the module, and nowhere else."""

from __future__ import annotations

from symbptt.compose.merged_modules import Module, merged

ONE = '''"""A module."""

import math

SIZE = 2
CACHE = {}


# doubles
def twice(x):
    return SIZE * x


def scale(x):
    return math.sqrt(x) * twice(x)


def run(x, scale=scale):
    """Says run and scale."""
    CACHE[x] = scale(x)
    named = {"run": CACHE[x]}

    class Box:
        def run(self):
            return named["run"]

    return Box().run()


def unused():
    return run(1)


if __name__ == "__main__":
    run(1)
'''
OTHER = ONE.replace("math.sqrt(x)", "math.exp(x)")


def test_what_differs_gets_a_number() -> None:
    made = merged([Module(ONE), Module(OTHER)], [["run"], ["run"]], ["run"])
    assert made.imports == ("import math",)
    assert "SIZE = 2" in made.shared and "# doubles\ndef twice(x):" in made.shared and "scale" not in made.shared
    first, second = made.own
    assert "math.sqrt" in first and "math.exp" in second and "unused" not in first + second + made.shared
    space: dict[str, object] = {}
    exec("\n".join([*made.imports, made.shared, *made.own]), space)
    assert "CACHE_1 = {}" in first and "def run_1(x, scale=scale_1):" in first and "def run(self):" in first
    assert "CACHE_1[x] = scale(x)" in first
    assert space["run_1"](4.0) == 16.0 and space["run_2"](0.0) == 0.0 and space["CACHE_1"] == {4.0: 16.0}


def test_one_module_alone() -> None:
    made = merged([Module(ONE)], [["twice"]], [])
    assert made.shared == "" and "def twice_1(x):\n    return SIZE_1 * x" in made.own[0]
