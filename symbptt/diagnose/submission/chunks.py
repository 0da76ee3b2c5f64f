"""Code that takes several tokens in one step: with how many it is called, and what it hands out of a state."""

from dataclasses import replace

from symbptt.diagnose import in_chunks
from symbptt.diagnose.submission.mapping import Table
from symbptt.errors import BadInput
from symbptt.model.values import Model

LONGEST = 64


def in_steps(table: Table, model: Model, chunk: int | None) -> Table:
    """A table for chunks of so many tokens, or of as many as it says itself; as it is where neither says so.

    Raises NoChunkForm for a model without a chunk form, BadInput for a chunk that is too long to be looked through.
    """
    asked = chunk or table.chunk
    if asked is None:
        return table
    if asked > LONGEST:
        raise BadInput(f"a chunk of {asked} tokens: at most {LONGEST} are compared; a mistake shows just as well with fewer")
    in_chunks.form(model)
    return replace(table, chunk=asked, T=table.T or in_chunks.tokens_for(asked))
