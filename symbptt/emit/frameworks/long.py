"""Long sequences in JAX and PyTorch: what the templates take that run segments again, go back a window only, or run in chunks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symbptt.emit import checkpoint as checkpoints
from symbptt.emit.frameworks.functions import Parts
from symbptt.emit.layout import handed_out
from symbptt.emit.lines import aligned
from symbptt.emit.truncated import kept
from symbptt.model.values import Role


@dataclass(frozen=True)
class Long:
    """`truncation` is (k1, k2), `chunk` a number of tokens, or None; `checkpoint` adds the functions that run segments again."""

    checkpoint: bool = False
    truncation: tuple[int, int] | None = None
    chunk: int | None = None

    @property
    def template(self) -> str:
        """The template of the module, in a backend's folder."""
        return ("truncated" if self.truncation else "chunk" if self.chunk else "module") + ".py.jinja"

    @property
    def gaps(self) -> bool:
        """Whether the losses of some steps reach nothing: every k1 steps back over fewer than k1."""
        return self.truncation is not None and self.truncation[0] > self.truncation[1]

    def values(self, parts: Parts) -> Mapping[str, Any]:
        """What these templates take."""
        model = parts.model
        timed = tuple(v.name for v in model.of(Role.INPUT, Role.PARAMETER, Role.BUFFER) if v.timed)
        made = checkpoints.values(model, self.checkpoint) | {
            "check_steps": 4,
            "per_step": repr(timed),
            "handed": [(s.name, handed_out(s)) for s in model.states],
        }
        if self.checkpoint:
            made["start_body"] = aligned(parts.start())
        if self.truncation:
            k1, k2 = self.truncation
            made |= {"k1": k1, "k2": k2, "kept": kept(k1, k2), "gaps": self.gaps, "check_steps": min(max(6, k2 + 2), 12)}
        return made
