"""How many formulas one token away from right are named: `python -m tests.diagnose.measure_formulas MOST MODEL ...`."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

import symbptt
from symbptt.diagnose import check_formula
from symbptt.errors import BadInput

from . import formulas


def measure(name: str, most: int) -> None:
    """A row for a model, and the mistakes that were called something else."""
    model = symbptt.load(name)
    drawn = list(formulas.mistakes(model))
    drawn = random.Random(1).sample(drawn, min(most, len(drawn)))
    count, seconds, missed = Counter[str](), list[float](), list[str]()
    for mistake in drawn:
        start = time.process_time()
        try:
            finding = check_formula(model, mistake.text).findings[0]
        except BadInput:
            count["refused"] += 1
            continue
        seconds.append(time.process_time() - start)
        first = finding.causes[0] if finding.causes else "-"
        verdict = "first" if first in mistake.causes else "named" if set(mistake.causes) & {*finding.causes} else "missed"
        verdict = "right" if finding.right else verdict
        count[verdict] += 1
        if verdict != "first":
            missed.append(f"  {verdict}: [{mistake.kind}] {mistake.text}   {finding.causes} {dict(finding.beside)}")
    seconds.sort()
    table = "  ".join(f"{verdict} {count[verdict]:4}" for verdict in ("first", "named", "missed", "refused", "right"))
    print(f"{name:24} {len(drawn):5}  {table}  median {seconds[len(seconds) // 2]:.2f} s  max {seconds[-1]:.2f} s", flush=True)
    print("\n".join(missed[:25]))


if __name__ == "__main__":
    for argument in sys.argv[2:]:
        measure(argument, int(sys.argv[1]))
