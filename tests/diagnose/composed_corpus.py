"""Every slip between the parts of the built-in composed models, in code of several layouts.

`python -m tests.diagnose.composed_corpus` counts how many are named. The code is that of the model with the slip written into it,
called by somebody in another layout, who keeps the states of the first part as hs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from symbptt import compose
from symbptt.compose.emission import source
from symbptt.compose.referee import drawn
from symbptt.compose.slips import UNMASKED, Slip, slips
from symbptt.diagnose import Diagnosis, composed
from symbptt.diagnose.between_parts import Composed, _cause, findings
from symbptt.diagnose.submission.composed import _ragged
from symbptt.diagnose.submission.mapping import Table, table
from symbptt.model.frozen import MASK
from symbptt.model.values import Role

MODELS = compose.names()
_NUMBERS = count()


def model(name: str) -> compose.Chain:
    """The model, with a mask where it can have one."""
    return compose.load(name) if compose.load(name).parts[0].phase else compose.load(name, freeze=True)


def _inside(text: str, function: str, pattern: str, new: str) -> str:
    """The text with a pattern replaced in one function, where it must be."""
    start = text.index(f"\ndef {function}(")
    end = text.index("\n\n\n", start)
    body, replaced = re.subn(pattern, new, text[start:end])
    assert replaced, (function, pattern)
    return text[:start] + body + text[end:]


def slipped(text: str, slip: Slip) -> str:
    """The code with a slip."""
    n = slip.number + 1
    take, given = f"_take_{n}", f"_given_{n}"
    match slip.kind:
        case "link" | "share":
            return _inside(text, take, rf'    _add.*found\["{slip.name}"\].*', "    pass")
        case "turn-in":
            text = _inside(text, "_backward", rf'(residuals\["part {n}"\], )_turned\(own\)', r"\1own")
            turned = rf"(forward_{n}\(.*\n        values \|= )_turned\(made\)"
            return _inside(text, "_forward", turned, r"\1made") if slip.forward else text
        case "turn-back":
            text = _inside(text, take, r"_turn\((found[^)]*)\)", r"\1")
            return _inside(text, given, r"_turned\((_only.*)\)\n", r"\1\n") if slip.forward else text
    if slip.kind == UNMASKED and slip.forward:
        return _inside(text, given, r"    return", f'    inputs["{slip.name}"] = np.ones_like(inputs["{slip.name}"])\n    return')
    raise AssertionError(f"{slip} has no place in the code")


def _names(chain: compose.Chain, role: Role) -> list[str]:
    return [v.name for v in chain.of(role)]


def _group(names: list[str], value: str) -> str:
    return "{" + ", ".join(f'"{n}": {value.format(n=n)}' for n in names) + "}"


def wrapped(chain: compose.Chain, layout: str) -> tuple[str, Table | None]:
    """A function that calls the code in a layout, and what has to be said of it."""
    parameters, inputs, targets = (_names(chain, role) for role in (Role.PARAMETER, Role.INPUT, Role.TARGET))
    given, outer = ", ".join(parameters), ", ".join((*inputs, *targets))

    def body(*groups: str, indent: str = "    ", hs: str = "") -> str:
        own = [f"p, i, y = {', '.join(groups)}", f'hs = forward(p, i)[0]["{chain.parts[0].model.states[0].name}"]{hs}',
               "loss, g = value_and_grad(p, i, y)"]
        return "".join(f"{indent}{line}\n" for line in own)

    plain = _group(inputs, "{n}"), _group(targets, "{n}")
    if layout == "dict of arrays":
        groups = (_group(n, f'{g}["{{n}}"]') for g, n in (("parameters", parameters), ("inputs", inputs), ("targets", targets)))
        return f"def gradients(parameters, inputs, targets):\n{body(*groups)}    return loss, g\n", None
    if layout == "batch first":
        groups = _group(parameters, "{n}.T"), _group(inputs, "np.swapaxes({n}, 0, 1)"), _group(targets, "{n}.T")
        turned = body(*groups, hs=".swapaxes(0, 1)")
        back = f"{{'d' + n: g[n].T for n in {parameters}}}"
        return f"def gradients({outer}, {given}):\n{turned}    return loss, {back}\n", None
    if layout == "class":
        kept = "".join(f"        self.{n} = {n}\n" for n in parameters)
        inside = body(_group(parameters, "self.{n}"), *plain, indent=" " * 8)
        return (f"class Net:\n    def __init__(self, {given}):\n{kept}\n    def gradients(self, {outer}):\n{inside}"
                f"        return {{n: g[n] for n in {parameters}}}\n"), None
    if layout == "steps of one sample":
        steps = _group(inputs, "np.array([{n}[t] for t in range(len({n}))])[:, None]")
        inside = body(_group(parameters, 'p["{n}"]'), steps, _group(targets, "np.array({n})[:, None]"), hs="[:, 0]")
        return f"def gradients(p, {outer}):\n{inside}    return {{n: g[n] for n in p}}\n", None
    first = [v.name for v in chain.parts[0].model.parameters]
    pairs = [[n, m] for n in first for m in first if n != m and m in (n.replace("W_x", "W_h"), n.replace("W_", "U_"))]
    rest = [n for n in parameters if n not in {name for row in pairs for name in row}]
    rows = [f"W[{i} * H:{i + 1} * H]" for i in range(len(pairs))]
    split = "".join(f"    {n}, {m} = {row}[:, :-H], {row}[:, -H:]\n" for row, (n, m) in zip(rows, pairs, strict=True))
    back = "np.concatenate([" + ", ".join(f'np.concatenate([g["{n}"], g["{m}"]], 1)' for n, m in pairs) + "])"
    text = (f"def gradients(W, {', '.join(rest)}, {outer}):\n    H = len({rest[0]})\n{split}"
            f"{body(_group(parameters, '{n}'), *plain)}    return loss, {{'W': {back}, **{{n: g[n] for n in {rest}}}}}\n")
    return text, table({"names": {"W": pairs}}, chain)  # type: ignore[arg-type]


LAYOUTS = ("dict of arrays", "batch first", "class", "steps of one sample", "one stacked weight")
VALUES = "values alone"


def _known(name: str) -> Composed:
    """The model at values, with samples of different lengths."""
    point = drawn(model(name), None, 4, 3, seed=5)
    inputs = {n: _ragged(a) if n == MASK else a for n, a in point.data.inputs.items()}
    return Composed(point.at(replace(point.data, inputs=inputs)))


def cases(name: str) -> Iterator[Slip]:
    """The slips of a model that change the gradient of a parameter."""
    known = _known(name)
    for slip in slips(model(name)):
        wrong = known.slipped(slip)
        names = _names(model(name), Role.PARAMETER)
        changed = any(abs(wrong[n] - known.right[n]).max(initial=0) > 1e-9 for n in names)
        if changed and not (slip.kind == UNMASKED and not slip.forward):
            yield slip


def diagnosed(name: str, layout: str, slip: Slip | None, folder: Path) -> Diagnosis:
    """What is said of the code of a model in a layout, with a slip or right."""
    chain = model(name)
    if layout == VALUES:
        known = _known(name)
        return Diagnosis(known.model, findings(known, known.slipped(*([slip] if slip else []))))
    text = source(chain, wrt="all").text.split('\nif __name__ == "__main__":')[0]
    calling, said = wrapped(chain, layout)
    own = f"engine_{next(_NUMBERS)}"  # a module of its own, which is read once for all trials of layouts
    (folder / f"{own}.py").write_text(slipped(text, slip) if slip else text)
    path = folder / "theirs.py"
    path.write_text(f"import numpy as np\nfrom {own} import forward, value_and_grad\n\n\n{calling}")
    return composed.code(chain, path, "Net.gradients" if layout == "class" else "gradients", said)


def named(name: str, found: Diagnosis, slip: Slip) -> bool:
    """Whether what is wrong has certain causes, the slip's among them."""
    wrong = [f for f in found.findings if not f.right]
    causes = {s.cause for f in wrong for s in f.suspects if s.certain}
    return bool(wrong) and all(f.certain for f in wrong) and _cause(model(name), slip) in causes


def outcomes(name: str, layout: str, folder: Path) -> Iterator[tuple[Slip | None, Diagnosis, bool]]:
    """What is said of right code, and of the code with each slip, and whether that is what should be said. The only sample of a
    sequence has no padding."""
    right = diagnosed(name, layout, None, folder)
    yield None, right, right.ok
    for slip in cases(name):
        if layout != "steps of one sample" or slip.kind != UNMASKED:
            found = diagnosed(name, layout, slip, folder)
            yield slip, found, named(name, found, slip)


def main(models: list[str]) -> None:
    """Print what is not named, and the counts."""
    good = total = 0
    with TemporaryDirectory() as folder:
        for name in models or MODELS:
            for layout in (*LAYOUTS, VALUES):
                for slip, found, ok in outcomes(name, layout, Path(folder)):
                    good, total = good + ok, total + 1
                    if not ok:
                        print(f"{name}, {layout}, {slip or 'right'}:\n{found}")
                print(f"{name}, {layout}: {good} of {total} so far", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
