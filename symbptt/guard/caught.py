"""Whatever foreign code raises, taken in and told."""

from __future__ import annotations


class Caught:
    """Takes in whatever a block raises, SystemExit included: their code's end is an answer too."""

    error: BaseException | None = None

    def __enter__(self) -> Caught:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.error = error
        return True


def told(error: BaseException) -> str:
    """An error in one line."""
    text = ""
    with Caught():
        text = (str(error).strip().splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {text}".rstrip(": ")
