"""Building without cyclic collection leaves the collector as it was."""

from __future__ import annotations

import gc

import pytest

from symbptt.collector import without_garbage_collection


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_off_inside_and_as_before_afterwards(on: bool) -> None:
    inside = []

    @without_garbage_collection
    def build(fails: bool) -> int:
        inside.append(gc.isenabled())
        if fails:
            raise ValueError("no")
        return 3

    before = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        assert build(False) == 3 and gc.isenabled() is on
        with pytest.raises(ValueError, match="no"):
            build(True)
        assert gc.isenabled() is on and inside == [False, False]
    finally:
        (gc.enable if before else gc.disable)()
