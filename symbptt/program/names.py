"""The one source of identifiers in a program's text."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field


@dataclass
class Namespace:
    """Gives each key one identifier: the hint, or, where that is taken or reserved, the hint with `_` behind it."""

    taken: set[str] = field(default_factory=set)
    given: dict[Hashable, str] = field(default_factory=dict)

    def fresh(self, hint: str) -> str:
        """An identifier that nothing has."""
        name = hint
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def of(self, key: Hashable, hint: str) -> str:
        """The identifier of a key; the first call decides."""
        if key not in self.given:
            self.given[key] = self.fresh(hint)
        return self.given[key]

    def inside(self) -> Namespace:
        """A namespace for a block: it sees these names, and its own are gone after it."""
        return Namespace(set(self.taken), dict(self.given))


def namespace(*reserved: Iterable[str]) -> Namespace:
    """A namespace in which the words of a language, and others, are taken."""
    return Namespace({word for words in reserved for word in words})
