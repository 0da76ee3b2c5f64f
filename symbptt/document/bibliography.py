"""What documents cite: by a key, as a line of the references with its address, and as an entry of a .bib file."""

from collections.abc import Iterable
from dataclasses import dataclass

from symbptt.model.values import Model
from symbptt.narrative.inline import Link, Prose


@dataclass(frozen=True)
class Source:
    """A source: how running text calls it, what the references say, and its address; `fields` are those of BibTeX."""

    key: str
    called: str
    text: str
    url: str = ""
    kind: str = "misc"
    fields: tuple[tuple[str, str], ...] = ()
    of_model: bool = False

    def line(self) -> Prose:
        """The line of the references."""
        return (self.text, " ", Link(self.url.removeprefix("https://"), self.url)) if self.url else (self.text,)

    def entry(self) -> str:
        """The entry of a .bib file."""
        fields = self.fields or (("note", self.text),)
        known = (*fields, *((("url", self.url),) if self.url else ()))
        return "\n".join([f"@{self.kind}{{{self.key},", *(f"  {name} = {{{_braced(value)}}}," for name, value in known), "}"])


def _braced(text: str) -> str:
    """A value between braces, with none of its own."""
    return "".join("\\" + c if c in "&%#_$" else c for c in text if c not in "{}\\")


WERBOS = Source(
    "werbos1990", "Werbos 1990",
    "P. J. Werbos (1990) Backpropagation through time: what it does and how to do it. Proceedings of the IEEE 78(10).",
    "https://doi.org/10.1109/5.58337", "article",
    (("author", "Werbos, Paul J."), ("title", "Backpropagation through time: what it does and how to do it"),
     ("journal", "Proceedings of the IEEE"), ("volume", "78"), ("number", "10"), ("pages", "1550--1560"), ("year", "1990")),
)
WILLIAMS = Source(
    "williams1989", "Williams and Zipser 1989",
    "R. J. Williams and D. Zipser (1989) A learning algorithm for continually running fully recurrent neural networks. "
    "Neural Computation 1(2).",
    "https://doi.org/10.1162/neco.1989.1.2.270", "article",
    (("author", "Williams, Ronald J. and Zipser, David"),
     ("title", "A learning algorithm for continually running fully recurrent neural networks"),
     ("journal", "Neural Computation"), ("volume", "1"), ("number", "2"), ("pages", "270--280"), ("year", "1989")),
)
PASCANU = Source(
    "pascanu2013", "Pascanu, Mikolov and Bengio 2013",
    "R. Pascanu, T. Mikolov and Y. Bengio (2013) On the difficulty of training recurrent neural networks. ICML.",
    "https://proceedings.mlr.press/v28/pascanu13.html", "inproceedings",
    (("author", "Pascanu, Razvan and Mikolov, Tomas and Bengio, Yoshua"),
     ("title", "On the difficulty of training recurrent neural networks"),
     ("booktitle", "International Conference on Machine Learning"), ("year", "2013")),
)
BENGIO = Source(
    "bengio1994", "Bengio, Simard and Frasconi 1994",
    "Y. Bengio, P. Simard and P. Frasconi (1994) Learning long-term dependencies with gradient descent is difficult. "
    "IEEE Transactions on Neural Networks 5(2), 157–166.",
    "https://doi.org/10.1109/72.279181", "article",
    (("author", "Bengio, Yoshua and Simard, Patrice and Frasconi, Paolo"),
     ("title", "Learning long-term dependencies with gradient descent is difficult"),
     ("journal", "IEEE Transactions on Neural Networks"), ("volume", "5"), ("number", "2"), ("pages", "157--166"),
     ("year", "1994")),
)
GOODFELLOW = Source(
    "goodfellow2016", "Goodfellow, Bengio and Courville 2016",
    "I. Goodfellow, Y. Bengio and A. Courville (2016) Deep Learning. MIT Press. Chapter 10: Sequence modeling.",
    "https://www.deeplearningbook.org", "book",
    (("author", "Goodfellow, Ian and Bengio, Yoshua and Courville, Aaron"), ("title", "Deep Learning"),
     ("publisher", "MIT Press"), ("year", "2016")),
)
METHOD = (WERBOS, WILLIAMS, BENGIO, PASCANU, GOODFELLOW)
"""The sources of the method, which every document has."""


def of_document(models: Iterable[Model], own: Iterable[Source]) -> tuple[Source, ...]:
    """The sources that model files name, those of the method, and the author's."""
    named = (Source(one.name, one.name, one.reference.rstrip(".") + ".", of_model=True) for one in models if one.reference)
    return (*dict.fromkeys(named), *METHOD, *own)


def as_bib(sources: Iterable[Source]) -> str:
    """A .bib file."""
    return "\n\n".join(source.entry() for source in sources) + "\n"
