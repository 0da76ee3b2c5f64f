"""Whether the equations of a step can be computed in the order written."""

from collections.abc import Mapping

from symbptt.model.lags import Reading, readings
from symbptt.model.syntax import Parsed


def _path(start: str, goal: str, reads: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The names on a way from `start` to `goal` along "reads", without the goal; empty if there is none."""
    waiting, seen = [[start]], {start}
    while waiting:
        path = waiting.pop(0)
        for name in reads[path[-1]]:
            if name == goal:
                return path
            if name in reads and name not in seen:
                seen.add(name)
                waiting.append([*path, name])
    return []


def check(equations: Mapping[str, Parsed]) -> None:
    """Raise BadInput if an equation reads the present value of a later one, and say whether that is a cycle or only the order."""
    found: dict[str, tuple[Reading, ...]] = {
        target: tuple(r for r in readings(parsed) if r.lag == 0 and r.name in equations) for target, parsed in equations.items()
    }
    reads = {target: tuple(r.name for r in there) for target, there in found.items()}
    done: set[str] = set()
    for target, parsed in equations.items():
        for reading in found[target]:
            if reading.name in done:
                continue
            here = parsed.at(reading.node)
            if reading.name == target:
                raise here.error(f"{target} reads itself inside one step; for the value of the step before write {target}[t-1]")
            path = _path(reading.name, target, reads)
            if path:
                cycle = " -> ".join([target, *path, target])
                raise here.error(f"a cycle inside one step: {cycle}; one of them must be read with a lag, as {path[0]}[t-1]")
            raise here.error(f"{reading.name} is used before it is defined; move its equation above that of {target}")
        done.add(target)
