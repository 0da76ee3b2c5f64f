"""Plans carried out where there are no processes: in a tab of the browser, which is the sandbox and can be thrown away."""

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.submission import child

HERE = sys.platform == "emscripten"
"""Whether this is such a place."""
PROTECTIONS = "the sandbox of the browser"


def answers(
    path: Path, plans: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array], seconds: float, printed: io.StringIO
) -> Iterator[dict[str, Any]]:
    """An answer for each plan, as from a guarded process; what their code prints goes into `printed`."""
    theirs = child.Theirs(str(path), seconds)
    sys.path.insert(0, str(path.parent))
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            for plan in plans:
                # Their code may write into arrays; the next plan shall find them as they were.
                own = {name: array.copy() for name, array in arrays.items()}
                answer, kept = child.answered(dict(plan), own, theirs, str(path))
                yield {**answer, "refused": [], "skipped": theirs.left_out, "arrays": kept}
    finally:
        sys.path.remove(str(path.parent))
