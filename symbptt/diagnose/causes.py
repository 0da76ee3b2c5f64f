"""A cause: a mistake of the catalogue at a place."""

from dataclasses import dataclass, field

from symbptt.mistakes import Mistake, catalogue, named


@dataclass(frozen=True)
class Cause:
    """A named cause at a place: `state` where a state is concerned, `subject` the value or gradient, `number` the equation's.

    `carry` says that of this equation the part is meant that goes from step t to step t-1. `words` fill the sentence of the
    cause's row. `target` is whose adjoint or gradient comes out wrong, where that is not the subject.
    """

    name: str
    state: str | None = None
    subject: str = ""
    number: int = 0
    words: tuple[tuple[str, str], ...] = field(default=())
    carry: bool = False
    target: str = ""

    def __post_init__(self) -> None:
        named(self.name)

    @property
    def mistake(self) -> Mistake:
        """Its row in the catalogue."""
        return named(self.name)

    @property
    def sentence(self) -> str:
        """What went wrong at this place, in one sentence."""
        return self.mistake.told.format(**dict(self.words))

    @property
    def remedy(self) -> str:
        """What the right code does at this place."""
        return self.mistake.remedy.format(**dict(self.words))

    @property
    def explanation(self) -> str:
        """The sentence and the remedy."""
        return f"{self.sentence} {self.remedy}".strip()

    @property
    def rank(self) -> int:
        """The place of the mistake in the catalogue."""
        return catalogue().index(self.mistake)
