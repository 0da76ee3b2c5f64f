"""What all tests share: reproducible property tests, and what expensive tests try every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from zoo import RECENT

from symbptt import collector
from symbptt.cli import main
from symbptt.resources import model_names

settings.register_profile("symbptt", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("symbptt")
collector.rarely()


def _parameters(item: pytest.Item) -> set[str]:
    return {v for v in item.callspec.params.values() if isinstance(v, str)} if hasattr(item, "callspec") else set()


def _of_every_model(items: list[pytest.Item]) -> set[str]:
    """The tests with a case for most of the recent recurrences, in modules that do not ask for all of them."""
    names: dict[str, set[str]] = {}
    for item in items:
        if not getattr(getattr(item, "module", None), "EVERY_MODEL", False):
            names.setdefault(item.nodeid.partition("[")[0], set()).update(_parameters(item))
    return {test for test, given in names.items() if 2 * len(given & set(RECENT)) > len(RECENT)}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of every built-in model are those of the classical cells, except in a module with `EVERY_MODEL`.

    A test that names the few models it is about keeps them all.

    A module with `QUICK_MODELS` tries these built-in models every time; its tests of the others are slow.

    Of a test that is marked `sampled(n)` one case of every n runs each time, and the others are slow; of one that is marked
    `share(n)` one of every n is slow, and the others are long. It is the first of the first n, the second of the next, and
    so on: every n-th would always be the same, where n options are tried on every model.
    """
    every = _of_every_model(items)
    left = {item for item in items if item.nodeid.partition("[")[0] in every and _parameters(item) & set(RECENT)}
    if left:
        config.hook.pytest_deselected(items=list(left))
        items[:] = [item for item in items if item not in left]
    known, count = set(model_names()), Counter[str]()
    for item in items:
        quick = getattr(getattr(item, "module", None), "QUICK_MODELS", None)
        given = _parameters(item)
        if quick is not None and not given & known <= set(quick):
            item.add_marker(pytest.mark.slow)
        for name, rest in (("sampled", pytest.mark.slow), ("share", pytest.mark.long)):
            if part := item.get_closest_marker(name):
                turn, place = divmod(count[test := f"{name} {item.nodeid.partition('[')[0]}"], part.args[0])
                if place != turn % part.args[0]:
                    item.add_marker(rest)
                count[test] += 1


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: exit code, standard output, standard error."""

    def runs(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return runs
