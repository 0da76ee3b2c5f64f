"""What passes the door: nests of dicts, lists, arrays and plain values, each message behind its length; no pickles."""

import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np

KINDS = frozenset({
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
    "complex64", "complex128",
})
"""The types of the arrays that pass."""
_SIZE = 8
LARGEST = 512 * 1024 * 1024
"""Bytes of one message."""


class Garbled(ValueError):
    """Bytes that are no message."""


def packed(tree: Any) -> bytes:
    """A message: the form of the tree as JSON, then the bytes of its arrays. Raises TypeError for what does not pass."""
    arrays: list[bytes] = []

    def form(node: Any) -> list[Any]:
        if isinstance(node, (np.ndarray, np.generic)):
            array = np.asarray(node)
            if array.dtype.name not in KINDS:
                raise TypeError(f"arrays of {array.dtype} do not pass")
            arrays.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
            return ["array", array.dtype.name, list(array.shape)]
        if isinstance(node, dict):
            return ["dict", {str(name): form(part) for name, part in node.items()}]
        if isinstance(node, (list, tuple)):
            return ["list", [form(part) for part in node]]
        if node is None or isinstance(node, (bool, int, float, str)):
            return ["value", node]
        raise TypeError(f"a {type(node).__name__} does not pass")

    head = json.dumps(form(tree)).encode()
    return b"".join(len(block).to_bytes(_SIZE, "big") + block for block in (head, b"".join(arrays)))


def unpacked(read: Callable[[int], bytes]) -> Any:
    """The next message, by a function that reads exactly so many bytes. Raises Garbled."""
    blocks: list[bytes] = []
    for _ in range(2):
        size = int.from_bytes(read(_SIZE), "big")
        if size > LARGEST:
            raise Garbled(f"a message of {size} bytes")
        blocks.append(read(size))
    head, content = blocks
    position = 0

    def tree(node: Any) -> Any:
        nonlocal position
        kind, *rest = node
        if kind == "array":
            name, shape = rest
            if name not in KINDS or any(not isinstance(n, int) or n < 0 for n in shape):
                raise Garbled("an array of no kind that passes")
            made = np.frombuffer(content, np.dtype(name).newbyteorder("<"), int(np.prod(shape, dtype=object)), position)
            position += made.nbytes
            return made.reshape(shape).astype(name)
        if kind == "dict":
            return {name: tree(part) for name, part in rest[0].items()}
        if kind == "list":
            return [tree(part) for part in rest[0]]
        return rest[0]

    try:
        return tree(json.loads(head))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, OverflowError) as error:
        raise Garbled(str(error)) from None


class Channel:
    """The guarded process's end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, tree: Any) -> None:
        """Hand out a message."""
        left = memoryview(packed(tree))
        while left:
            left = left[os.write(self._descriptor, left):]

    def receive(self) -> Any:
        """Wait for a message. Raises EOFError when the other end is closed."""
        return unpacked(self._read)

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = os.read(self._descriptor, size - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)
