"""A process that judges submissions one after the other: orders come in as lines of JSON, one answer goes out for each.

The first line has the model and what holds for all; each further one has the path of a file.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from symbptt import collector
from symbptt.compose import Subject, subject
from symbptt.diagnose import function
from symbptt.diagnose.submission import code
from symbptt.errors import SymbpttError


def judged(model: Subject, path: str, orders: dict[str, Any]) -> dict[str, Any]:
    """What the diagnosis of a file says; under `fault` why there is none."""
    limits = code.Limits(orders["seconds"])
    try:
        found = function.file(model, Path(path), orders["function"], orders["mapping"], limits, orders["wrt"])
    except SymbpttError as error:
        return {"fault": str(error).removeprefix(f"{path}: ")}
    # The last note says which protections were in force.
    said = {"opening": list(found.opening), "notes": list(found.notes[:-1]), "failed": found.failed, "report": str(found)}
    return {"fault": "", "diagnosis": found.json(), **said}


def main() -> None:
    """Serve until the orders end. What is printed on the way goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    collector.rarely()
    orders = json.loads(sys.stdin.readline())
    model = subject(orders["model"], orders["place"], orders["name"])
    for line in sys.stdin:
        answers.write(json.dumps(judged(model, json.loads(line), orders)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
