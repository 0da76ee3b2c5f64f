"""Which protections are in force: all that the caller's side needs to know of them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Force:
    """What is in force, with how much, and what is not, with the reason."""

    present: Mapping[str, str]
    absent: Mapping[str, str]

    @property
    def words(self) -> str:
        """A phrase for a report."""
        return ", ".join(f"{name} ({detail})" if detail else name for name, detail in self.present.items())
