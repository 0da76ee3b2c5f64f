"""Rows of data as CSV: a header line, lists spread over columns of their own, nothing where a value is missing."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A list as name_1, name_2, ...; a dict as name_key; nested ones all the way down."""
    if isinstance(value, Mapping):
        parts = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(str(i), part) for i, part in enumerate(value, start=1)]
    else:
        yield name, value
        return
    for key, part in parts:
        yield from _flat(f"{name}_{key}" if name else key, part)


def csv_of(rows: Iterable[Row]) -> str:
    """Rows as CSV text; the columns are those of all rows, in the order in which they first appear."""
    flat = [dict(_flat("", row)) for row in rows]
    columns = dict.fromkeys(name for row in flat for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()
