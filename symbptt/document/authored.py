"""Running text as an author types it: formulas, emphasis, links and citations; everything else is plain text."""

import re
from collections.abc import Callable, Iterator, Mapping

from symbptt.document.bibliography import Source
from symbptt.errors import BadInput, UnknownName
from symbptt.narrative.inline import Emphasised, Link, Prose, Strong, math
from symbptt.typeset.from_latex import from_latex
from symbptt.typeset.tree import Tree

ADDRESS = re.compile(r"https?://[\w.~:/?#@!&'+,;=%-]+", re.ASCII)
"""An address that a link may have."""
_MARKS = re.compile(
    r"\\(?P<plain>[$*`\[])|\$(?P<latex>[^$]+)\$|`(?P<small>[^`]+)`|\*\*(?P<strong>[^*\n]+)\*\*|\*(?P<stress>[^*\s][^*\n]*)\*"
    r"|\[(?P<words>[^\]\n]+)\]\((?P<url>" + ADDRESS.pattern + r")\)|\[@(?P<key>[\w:.-]+)\]",
    re.ASCII,
)
r"""`$LaTeX$`, small formulas between backquotes, **strong**, *stress*, [words](https://…), [@key]; `\$` is a dollar sign."""


def authored(text: str, sources: Mapping[str, Source], place: str) -> Prose:
    """The text as prose; raises BadInput with its place for a formula that is not read, and for a key that is not known."""
    try:
        return tuple(_parts(text, sources))
    except BadInput as error:
        raise BadInput(f"{place}: {error}") from None


def _parts(text: str, sources: Mapping[str, Source]) -> Iterator[str | Tree]:
    end = 0
    for found in _MARKS.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        yield _part(found, sources)
        end = found.end()
    if text[end:]:
        yield text[end:]


def _part(found: re.Match[str], sources: Mapping[str, Source]) -> str | Tree:
    kind = found.lastgroup or ""
    if kind == "url":
        return Link(found["words"], found["url"])
    if kind == "key":
        if found["key"] not in sources:
            raise UnknownName("source", found["key"], sources)
        return f"({sources[found['key']].called})"
    return _READ[kind](found[kind])


_READ: dict[str, Callable[[str], str | Tree]] = {
    "plain": str, "latex": from_latex, "small": math, "strong": Strong, "stress": Emphasised,
}
