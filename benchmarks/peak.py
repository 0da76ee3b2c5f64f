"""How many bytes a call needs at its peak beyond its arguments, as the library counts them itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def by_xla(compiled: Any) -> int:
    """What a compiled JAX function allocates: one buffer of temporaries, and its results."""
    found = compiled.memory_analysis()
    return int(found.temp_size_in_bytes + found.output_size_in_bytes)


def by_torch(call: Callable[[], Any]) -> int:
    """The largest sum of what PyTorch's allocator has given and not taken back."""
    from torch.profiler import ProfilerActivity, profile

    call()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        kept = call()  # results count: they are alive until the profile ends
    events = sorted(_allocations(profiler.profiler.kineto_results.experimental_event_tree()))
    del kept
    held = largest = 0
    for _, size in events:
        held += size
        largest = max(largest, held)
    return largest


def _allocations(events: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """(time, bytes) of every allocation, negative where memory is given back."""
    for event in events:
        if event.typed[0].name == "Allocation":
            yield event.start_time_ns, event.extra_fields.alloc_size
        yield from _allocations(event.children)
