"""Guessing what names stand for: by the model's own names, by names in use, and by what a parameter connects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbptt.diagnose.submission.mapping import DICTS, variable
from symbptt.diagnose.submission.meaning import Meaning, fits, one
from symbptt.model.values import Model, Role, Variable

_INPUTS = ("x", "xs", "input", "inputs", "xt", "seq", "data")
_TARGETS = ("y", "ys", "target", "targets", "label", "labels", "ytrue", "yt", "truth", "gold")
_STARTS = ("prev", "previous", "prevt", "init", "start")
"""Names of the input, of the target and of what the state starts from, where there is one only."""
_GROUPS: dict[str, tuple[str, ...]] = {
    "parameters": ("parameters", "params", "param", "weights", "p", "theta"), "inputs": ("inputs",), "targets": ("targets",),
    "states": ("states", "state", "initial"), "cotangents": ("cotangents", "douts", "dout"),
    "gradients": ("grads", "gradients", "dparams", "grad"),
}
_CACHE = ("cache", "caches", "residuals", "memory", "tape", "saved", "ctx", "store")
_LOSS = ("loss", "j", "cost", "l", "total", "totalloss")
_STATE_ENDS = ("", "0", "init", "prev", "initial", "start")
_LETTERS = {"h": ("h", "a", "s"), "c": ("c", "m"), "o": ("o", "y", "logits", "scores", "out")}
_COTANGENTS = ("d{v}", "d{v}s", "d{v}out", "grad{v}", "g{v}", "{v}bar", "dl{v}", "delta{v}", "{v}cotangent", "d{v}seq")
_LASTS = ("d{v}last", "d{v}final", "d{v}end", "d{v}t", "d{v}next", "dlast{v}", "dfinal{v}", "grad{v}last", "g{v}last", "dnext{v}")
"""Names of the cotangents of an output, and of that of its last step alone; what comes in behind the last step is one."""
_PREFIXES = ("grad", "nabla", "delta", "dld", "dl", "d", "g")
"""What gradients have in front of the names of their variables."""
UPSTREAM = ("dout", "gradout", "gradoutput", "upstream", "gout", "dy", "dys", "do", "dos")
"""Names of the cotangent of the only output."""
_SPELLED = (Role.PARAMETER, Role.INPUT, Role.TARGET)
"""What is meant by the model's own name as it is spelled, before capitals and underscores are passed over: W is not w."""
_VOCABULARY = ("vocabsize", "nvocab", "vocabularysize")
_SIZES = {
    "in": ("inputsize", "inputdim", "inputdims", "nin", "nx", "ninput", "ninputs", "dimin", "ind", "insize", "xdim",
           *_VOCABULARY),
    "state": ("hiddensize", "hiddendim", "nh", "na", "nhid", "nhidden", "units", "numunits", "nunits", "hdim", "hidden",
              "statesize"),
    "out": ("outputsize", "outputdim", "nout", "ny", "noutput", "noutputs", "numclasses", "nclasses", "outsize", "ydim"),
}
"""Names of sizes, by what they are the size of."""
_WORDS = 5
"""The size of a vocabulary."""
_GATES = {"g": ("g", "c", "ctilde", "n", "a"), "q": ("q", "o"), "i": ("i", "u"), "f": ("f",), "z": ("z", "u"), "r": ("r",),
          "n": ("n", "h", "c", "g")}
_CONNECTION = {
    ("input", "matrix"): ("wx{g}", "wx", "wxh{g}", "wih", "weightih", "weightihl0", "win", "wax", "kernel", "wi"),
    ("state", "matrix"): ("wh{g}", "wh", "whh{g}", "weighthh", "weighthhl0", "wrec", "waa", "recurrentkernel", "r{g}", "wr"),
    ("both", "bias"): ("b{g}", "b", "bh", "ba", "bias", "bhh", "bih", "bx", "bhidden", "biasih", "biasihl0"),
    ("out", "matrix"): ("why", "wy", "wya", "v", "wout", "who", "wo", "waffine", "weightout", "weightho", "weighthy", "wfc",
                      "fcweight", "wyh", "woh", "wdense"),
    ("out", "bias"): ("by", "bo", "bout", "bya", "biasout", "biaso", "biasy", "bfc", "fcbias", "c", "baffine"),
}
"""Names in use for parameters, by what they connect; {g} stands for a gate's letter."""
_WHOLE_WORDS = ("weight", "bias")
"""Words that names begin with in place of a letter: weight_z for W_z."""
CONVENTIONS: tuple[Mapping[tuple[str, str], str], ...] = (
    {("both", "matrix"): "w{g}"},
    {("input", "matrix"): "u{g}", ("state", "matrix"): "w{g}"},
    {("input", "matrix"): "w{g}", ("state", "matrix"): "u{g}"},
)
"""What W and U are: W [h, x]; U x + W h; W x + U h."""


def plain(name: str) -> str:
    """A name without case and underscores."""
    return name.replace("_", "").lower()


@dataclass(frozen=True)
class Guesser:
    """Meanings of names for a model."""

    model: Model
    table: Mapping[str, Meaning]

    @classmethod
    def of(
        cls, model: Model, names: Iterable[str] = (), convention: Mapping[tuple[str, str], str] = CONVENTIONS[1],
    ) -> Guesser:
        """Collect all names: a whole family of gates among `names`, then the model's own, then those in use."""
        patterns = {kind: (*more, *([convention[kind]] if kind in convention else [])) for kind, more in _CONNECTION.items()}
        side_by_side = ("both", "matrix") in convention
        given = {plain(n) for n in names}
        found: dict[str, Meaning] = _families(model, frozenset(given | {*map(_short, given)}), patterns, side_by_side)

        def add(names: Iterable[str], meaning: Meaning) -> None:
            for name in names:
                found.setdefault(plain(name), meaning)

        for v in model.of(Role.PARAMETER, Role.BUFFER, Role.INPUT, Role.TARGET):
            add([v.name], variable(v.name, model))
        # What is called after a state or an output itself goes before the letters that are in use for it.
        for letters in (lambda v: (v.name,), lambda v: _LETTERS.get(v.name, ())):
            for state in model.states:
                for letter in letters(state):
                    ends = [letter + end for end in _STATE_ENDS[1:]] + [end + letter for end in _STATE_ENDS[2:]]
                    add(ends, one("state", state.name))
            for v in model.outputs:
                for letter in map(plain, letters(v)):
                    add([name.format(v=letter) for name in _COTANGENTS], one("cotangent", v.name))
                    add([name.format(v=letter) for name in _LASTS], one("cotangent", v.name, last=True))
        for role, usual in ((Role.INPUT, _INPUTS), (Role.TARGET, _TARGETS), (Role.STATE, _STARTS)):
            only = model.of(role)
            if len(only) == 1:
                add(usual, variable(only[0].name, model))
        for letters in (lambda v: (v.name,), lambda v: _LETTERS.get(v.name, ())):
            for state in model.states:
                add(letters(state), one("state", state.name))
        read_outs = [v for v in model.outputs if v.role is not Role.STATE] or model.outputs
        if len(read_outs) == 1:
            add(UPSTREAM, one("cotangent", read_outs[0].name))
        for name, dimension in _dimensions(model):
            add([name], one("size", dimension))
        for group, names in _GROUPS.items():
            add(names, Meaning("group", ((group,),)))
        add(_CACHE, Meaning("result"))
        add(_LOSS, Meaning("loss"))
        for name, meaning in _parameters(model, patterns, side_by_side):
            add([name], meaning)
        return cls(model, found)

    def argument(self, name: str, group: bool) -> Meaning | None:
        """What an argument stands for; `group` prefers dicts, where the others of the function are dicts too."""
        bare = plain(name)
        if group and not self.owns(name):
            for kind, names in _GROUPS.items():
                if bare in names or bare == kind:
                    return Meaning("group", ((kind,),))
        if self.owns(name) and self.model[name].role in _SPELLED:
            return variable(name, self.model)
        if bare in ("t", "n"):
            return self.table.get(bare) or one("size", name.upper())
        if found := self.table.get(bare) or self.table.get(_short(bare)):
            return found
        if name in self.model.dimensions:
            return one("size", name)
        found = self.result(name, {})
        return replace(found, kind="out") if found is not None and found.kind == "blocks" else None

    def owns(self, name: str) -> bool:
        """Whether the model calls something so itself."""
        return any(v.name == name for v in self.model.variables)

    def takes_groups(self, arguments: Iterable[str]) -> bool:
        """Whether a function takes dicts: it has an argument for the parameters, or for two of the groups."""
        bare = [plain(a) for a in arguments if not self.owns(a)]
        return any(a in _GROUPS["parameters"] for a in bare) or sum(a in DICTS for a in bare) > 1

    def attribute(self, name: str) -> Meaning | None:
        """What an attribute is to be set to: a parameter, or all of them."""
        found = self.table.get(plain(name.strip("_")))
        return found if found is not None and (found.kind == "blocks" or found == Meaning("group", (("parameters",),))) else None

    def keeps_gradients(self, name: str) -> bool:
        """Whether an attribute is where gradients are left."""
        found = self.result(name.strip("_"), {})
        return plain(name) in _GROUPS["gradients"] or (found is not None and found.kind == "blocks")

    def result(self, name: str, known: Mapping[str, Meaning]) -> Meaning | None:
        """What a result is the gradient of: dW of W, grad_W of W, W itself in a dict of gradients."""
        for bare in dict.fromkeys((name, *(name.removeprefix(p).lstrip("_") for p in _PREFIXES))):
            if bare in known and known[bare].kind in ("blocks", "out", "sequence", "state"):
                return known[bare] if known[bare].kind != "out" else replace(known[bare], kind="blocks")
            if self.owns(bare) and self.model[bare].role in _SPELLED and not self.model[bare].classes:
                return variable(bare, self.model)
        whole = plain(name)
        ends = (whole.removesuffix(end) for end in ("grad", "bar"))
        for bare in dict.fromkeys((whole, *(whole.removeprefix(p) for p in _PREFIXES), *ends)):
            found = self.table.get(bare)
            if found is not None and found.kind in ("blocks", "sequence", "state", "loss"):
                return found
        return None


def _short(bare: str) -> str:
    """A name with a letter for a whole word, as wz for weightz."""
    word = next((w for w in _WHOLE_WORDS if bare.startswith(w)), "")
    return word[:1] + bare.removeprefix(word)


def _dimensions(model: Model) -> Iterable[tuple[str, str]]:
    """Names in use for sizes, with the dimension of the only input, state or read-out."""
    outs = model.of(Role.TARGET) or tuple(v for v in model.outputs if v.role is not Role.STATE)
    for kind, variables in (("in", model.of(Role.INPUT)), ("state", model.states), ("out", outs)):
        found = {v.shape[0] for v in variables if v.shape}
        if len(found) == 1 and (dimension := found.pop()) in model.dimensions:
            yield from ((name, dimension) for name in _SIZES[kind])


def of_vocabulary(model: Model, sizes: Mapping[str, str]) -> dict[str, int]:
    """One size for inputs and outputs, where code has that of a vocabulary, and none of outputs, among its sizes by name."""
    known = dict(_dimensions(model))
    read, told = known.get(_VOCABULARY[0]), known.get(_SIZES["out"][0])
    shared = any(plain(name) in _VOCABULARY for name in sizes) and read and told and told not in sizes.values()
    return dict.fromkeys((read, told), _WORDS) if shared else {}  # type: ignore[arg-type]


def is_cache(name: str) -> bool:
    """Whether a name is one in use for what a forward pass keeps."""
    return plain(name) in _CACHE


def _sorted(model: Model) -> dict[tuple[str, str], list[Variable]]:
    """The parameters by what they connect."""
    sorts: dict[tuple[str, str], list[Variable]] = {}
    for v in model.parameters:
        if v.tied and (kind := connection(model, v)):
            sorts.setdefault(kind, []).append(v)
    return sorts


Patterns = Mapping[tuple[str, str], tuple[str, ...]]


def _letters(v: Variable) -> tuple[str, ...]:
    return _GATES.get(v.name[-1], (v.name[-1],))


def gates(model: Model, meaning: Meaning, keys: Iterable[str]) -> tuple[str, ...]:
    """The keys of a dict with an item for every row of blocks, {"f": W_f, "i": W_i}; empty if some row has none."""
    found: list[str] = []
    for row in meaning.blocks:
        found += [key for key in _letters(model[row[0]]) if key in keys and key not in found][:1]
    return tuple(found) if len(found) == len(meaning.blocks) > 1 else ()


def _beside(model: Model) -> dict[str, Meaning]:
    """[h, x] for every recurrent matrix, if each has its input matrix of as many rows."""
    sorts = _sorted(model)
    states, inputs = sorts.get(("state", "matrix"), []), sorts.get(("input", "matrix"), [])
    pairs = zip(states, inputs, strict=True) if len(states) == len(inputs) else ()
    found = {s.name: Meaning("blocks", ((s.name, x.name),)) for s, x in pairs}
    return found if all(fits(model, meaning) for meaning in found.values()) else {}


def _families(model: Model, names: frozenset[str], patterns: Patterns, side_by_side: bool) -> dict[str, Meaning]:
    """The names of a family that is there for every gate: bo is the output gate's beside bf, bi and bc."""
    found: dict[str, Meaning] = {}

    def add(pattern: str, meanings: Mapping[Variable, Meaning]) -> None:
        family: dict[str, Meaning] = {}
        for v, meaning in meanings.items():
            name = next((n for n in (pattern.format(g=g) for g in _letters(v)) if n in names and n not in family), None)
            if name is not None:
                family[name] = meaning
        if len(family) == len(meanings) > 1:
            found.update({n: m for n, m in family.items() if n not in found})

    if side_by_side:
        add("w{g}", {model[name]: meaning for name, meaning in _beside(model).items()})
    for kind, variables in _sorted(model).items():
        for pattern in patterns.get(kind, ()):
            if "{g}" in pattern:
                add(pattern, {v: one("blocks", v.name) for v in variables})
    return found


def _parameters(model: Model, patterns: Patterns, side_by_side: bool) -> list[tuple[str, Meaning]]:
    """Names in use for single parameters, for gates with [h, x] side by side, and for all gates below each other."""
    sorts, beside = _sorted(model), _beside(model) if side_by_side else {}
    made: list[tuple[str, Meaning]] = []
    gates = Meaning("blocks", tuple(row for meaning in beside.values() for row in meaning.blocks))
    if beside and fits(model, gates):
        made.append(("w", gates))
    # Wh alone is the matrix of all gates before it is that of a gate called h: a whole family was found before.
    for kind, variables in sorts.items():
        below, wide = tuple((v.name,) for v in variables), (tuple(v.name for v in variables),)
        stacked = next((m for m in (Meaning("blocks", below), Meaning("blocks", wide)) if fits(model, m)), None)
        made += [(pattern.format(g=""), stacked) for pattern in patterns.get(kind, ()) if stacked is not None]
    made += [(f"w{g}", meaning) for name, meaning in beside.items() if len(beside) > 1 for g in _letters(model[name])]
    for kind, variables in sorts.items():
        for v in variables if len(variables) > 1 else ():
            for pattern in patterns.get(kind, ()):
                made += [(pattern.format(g=g), one("blocks", v.name)) for g in _letters(v) if "{g}" in pattern]
    return made


def connection(model: Model, parameter: Variable) -> tuple[str, str] | None:
    """What a parameter connects: its reader reads an input, a state of the step before, both, or feeds the output."""
    for equation in model.equations:
        symbols = equation.value.atoms(sp.MatrixSymbol)
        if parameter.at() not in symbols:
            continue
        if equation.target in model.outputs and equation.target.role is not Role.STATE:
            return "out", "matrix" if len(parameter.shape) == 2 else "bias"
        if len(parameter.shape) < 2:
            return "both", "bias"
        beside = {s.name for term in equation.value.atoms(sp.MatMul) if parameter.at() in term.atoms(sp.MatrixSymbol)
                  for s in term.atoms(sp.MatrixSymbol)} - {parameter.name}
        is_input = any(model[name].role is Role.INPUT for name in beside)
        return ("input" if is_input else "state"), "matrix"
    return None
