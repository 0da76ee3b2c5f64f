"""What a document is about and for whom: the input of every part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from symbptt.model.values import Model
from symbptt.narrative import derivation
from symbptt.narrative.story import ALL
from symbptt.narrative.values import Derivation
from symbptt.narrative.voice import ENGLISH, Voice


@dataclass(frozen=True)
class Lesson:
    """Models over T steps, derived by `wrt` (None for all parameters, inputs and initial states), told in a voice."""

    models: tuple[Model, ...]
    T: int
    wrt: tuple[str, ...] | str | None = None
    voice: Voice = ENGLISH

    @property
    def model(self) -> Model:
        """The model, or the first of several."""
        return self.models[0]

    @cached_property
    def derivation(self) -> Derivation:
        """The whole derivation; raises BadInput as `narrative.derivation` does."""
        return derivation(self.model, self.T, self.wrt or ALL, self.voice)
