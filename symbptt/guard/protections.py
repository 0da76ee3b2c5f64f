"""The table of protections: what each refuses, and how it is put in force. All last until the process ends."""

from collections.abc import Callable
from dataclasses import dataclass

from symbptt.guard import capabilities, hooks, landlock, namespaces, seccomp
from symbptt.guard.force import Force
from symbptt.guard.linux import Unavailable


@dataclass(frozen=True)
class Protection:
    """`apply` is given the folder that may be changed and says how much is in force; it raises Unavailable or OSError."""

    name: str
    refuses: str
    apply: Callable[[str], str]


# Each needs calls that the next ones refuse.
PROTECTIONS = (
    Protection("namespaces", "the network", namespaces.apply),
    Protection("capabilities", "what only root may do", capabilities.apply),
    Protection("Landlock", "changing files, programs, TCP, signals and a look into other processes", landlock.apply),
    Protection("seccomp", "sockets, processes, signals, times and modes of files", seccomp.apply),
    Protection("audit hooks", "what goes through Python's own functions", hooks.apply),
)


def apply(folder: str, names: frozenset[str] | None = None) -> Force:
    """Put the protections in force, all or those named; one that the system does not offer is left out."""
    present: dict[str, str] = {}
    absent: dict[str, str] = {}
    for protection in PROTECTIONS:
        if names is not None and protection.name not in names:
            absent[protection.name] = "not asked for"
            continue
        try:
            present[protection.name] = protection.apply(folder)
        except (Unavailable, OSError) as error:
            absent[protection.name] = str(error)
    return Force(present, absent)
