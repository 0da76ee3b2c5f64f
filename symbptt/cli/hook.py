"""Several emitted files verified, as pre-commit hands them over: python -m symbptt.cli.hook FILE.py ..."""

import sys
from collections.abc import Sequence

from symbptt.cli import main


def verified(files: Sequence[str]) -> int:
    """Verify every file; the exit code is the worst of theirs."""
    return max((main(["verify", file]) for file in files), default=0)


if __name__ == "__main__":
    sys.exit(verified(sys.argv[1:]))
