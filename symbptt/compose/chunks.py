"""Parts that take chunks of tokens: their states are handed on behind the last step alone, and a copy at every step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from symbptt import chunk
from symbptt.chunk import NoChunkForm
from symbptt.compose.chain import Chain, How, Part
from symbptt.compose.parts import COPY
from symbptt.model.compile import compiled
from symbptt.model.model_file import write
from symbptt.model.place import Place
from symbptt.model.read import parsed

T = TypeVar("T")


@dataclass(frozen=True)
class InChunks(Generic[T]):
    """The model with copies of states that later parts read at every step; `made` has what was made of parts, by number."""

    chain: Chain
    made: dict[int, T]

    @property
    def final(self) -> tuple[str, ...]:
        """The states that are known behind the last step alone."""
        return tuple(s.name for number in self.made for s in self.chain.parts[number - 1].model.states)


def in_chunks(chain: Chain, make: Callable[[Part], T]) -> InChunks[T]:
    """Each part as `make` makes its chunk form, where it has one; raises NoChunkForm with the reasons if no part has."""
    made, parts, refused = dict[int, T](), list[Part](), list[str]()
    copies: dict[str, str] = {}
    for number, part in enumerate(chain.parts, 1):
        copied = _with_copies(chain, part)
        try:
            made[number] = make(copied)
        except NoChunkForm as why:
            refused += [str(why)] * bool(part.model.states)
            copied = part
        copies |= {name: COPY.format(name) for name in _read_by_step(chain, part) if copied is not part}
        parts.append(copied)
    if not made:
        raise NoChunkForm("; ".join(refused) or f"{chain.name} has no chunk form: it has no states")
    linked = (tuple(replace(link, source=copies.get(link.source, link.source)) if link.how is not How.FINAL else link
                    for link in part.links) for part in parts)
    return InChunks(replace(chain, parts=tuple(replace(p, links=own) for p, own in zip(parts, linked, strict=True))), made)


def chunked(chain: Chain) -> Chain:
    """The model with the chunk forms of its parts, as far as they have one; raises NoChunkForm if none has."""
    found = in_chunks(chain, lambda part: chunk.chunked(part.model).model)
    parts = enumerate(found.chain.parts, 1)
    return replace(found.chain, parts=tuple(replace(part, model=found.made.get(n, part.model)) for n, part in parts))


def _read_by_step(chain: Chain, part: Part) -> tuple[str, ...]:
    """The states of a part that later ones read at every step."""
    read = {link.source for other in chain.parts for link in other.links if link.how is not How.FINAL}
    return tuple(s.name for s in part.model.states if s.name in read)


def _with_copies(chain: Chain, part: Part) -> Part:
    """The part with a left side for each of these."""
    names, model, place = _read_by_step(chain, part), part.model, Place(part.model.name)
    if not names:
        return part
    file = parsed(model.text, model.name, place)
    file = replace(file, equations=(*file.equations, *((COPY.format(name), name) for name in names)))
    return replace(part, model=replace(compiled(file, place, write(file)), beside=model.beside))
