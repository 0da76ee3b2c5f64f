"""An emitted module: from a model to text, through the template `templates/numpy/module.py.jinja`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbptt import files
from symbptt.checks import whole
from symbptt.data.wrt import ALL, HasGradients, asked, spelled
from symbptt.display import Printed, Summarised, counted
from symbptt.emit import checkpoint as checkpoints
from symbptt.emit import heads
from symbptt.emit.context import context
from symbptt.emit.fast.writer import PASSES, FastWriter
from symbptt.emit.frameworks import module
from symbptt.emit.frameworks.libraries import LIBRARIES
from symbptt.emit.frameworks.long import Long
from symbptt.emit.lines import aligned, needed, reads
from symbptt.emit.module_text import rendered
from symbptt.emit.nested import NESTED
from symbptt.emit.plain import Parts, PlainWriter, Variant
from symbptt.emit.recipe import choices, command
from symbptt.emit.syntax import read_by
from symbptt.emit.targets import TARGETS
from symbptt.emit.truncated import truncated
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import load
from symbptt.model.values import Model, Role, Variable
from symbptt.targets.target import CHECKPOINT, FORWARD, PYTHON, STATIC, TRUNCATION, Files, Request

STYLES = ("fast", "plain")
FRAMEWORKS = tuple(LIBRARIES)
BACKENDS = ("numpy", *FRAMEWORKS, *TARGETS)
DEFAULT_STEPS = 10
"""The steps of a loop where no array tells their number."""
MODES = ("reverse", "forward")
CLIPPING = " --clipping"


@dataclass(frozen=True, repr=False)
class SourceFile(Summarised, Printed):
    """A generated file: its suggested path and its text."""

    path: str
    text: str
    model: Model
    others: Files = ()
    """The files that it does not go without, as (name, text), to lie beside it."""
    truncation: tuple[int, int] | None = None
    """The scheme by which the parts of a composed model are truncated."""

    def _summary_(self) -> str:
        return f"{self.path}: {counted(len(self.text.splitlines()), 'line')}"

    def write(self, path: str | Path | None = None, force: bool = False) -> Path:
        """Write the file, and those beside it, whole or not at all; existing files are replaced only with `force`."""
        place = Path(path or self.path)
        if self.others and place.stem != Path(self.path).stem:
            raise BadInput(f"{place}: these files know each other as {Path(self.path).stem}; name them when they are emitted")
        beside = {place.with_name(name): text for name, text in self.others}
        return files.write_all({place: self.text, **beside}, force=force)[0]


def wanted_variables(model: HasGradients, wrt: tuple[str, ...] | str | None) -> tuple[Variable, ...]:
    """The variables whose gradients the module returns: None means all parameters, "all" adds inputs and initial states."""
    known = [v.name for v in model.with_gradient]
    for name in () if wrt in (None, ALL) else spelled((wrt,) if isinstance(wrt, str) else wrt or (), known):
        if name not in known:
            raise UnknownName("parameter, input or state", name, known)
    chosen = asked(model, wrt)
    return tuple(v for v in model.with_gradient if v in chosen)


def source(
    model: Model | str,
    backend: str = "numpy",
    T: int | None = None,
    unroll: bool = False,
    wrt: tuple[str, ...] | str | None = None,
    style: str | None = None,
    without: tuple[str, ...] = (),
    mode: str = "reverse",
    truncation: tuple[int, int] | None = None,
    clipping: bool = False,
    checkpoint: bool = False,
    python: bool = False,
    stem: str | None = None,
    static: Mapping[str, int] | None = None,
) -> SourceFile:
    """Emit a module with forward, backward and, if the model has a loss, value_and_grad.

    `unroll` writes straight-line code for the chosen T; otherwise the code loops and serves any T. Where no array has an axis for
    the steps, loops are for T steps, 10 if left out.
    `style` is "plain", the textbook's loops, or "fast", the default for loops; `without` names passes of it to leave out.
    `mode` "forward" is the nested form with a jvp; `truncation` (k1, k2) goes back k2 steps every k1 steps, a window of K being
    (1, K): both are loops in the plain style. In C a jvp is added to the rest. `clipping` adds functions that clip and normalise
    gradients, `checkpoint` one that recomputes segments of a long sequence instead of storing every step.
    With "c" there is a header beside the file and, with `python`, a module that calls it; `stem` is what they are called;
    `static` fixes all sizes, T and N included. Raises BadInput for an unknown backend or name, or for `unroll` without T.
    """
    model = load(model)
    if backend not in BACKENDS:
        raise UnknownName("backend", backend, BACKENDS)
    if mode not in MODES:
        raise UnknownName("mode", mode, MODES)
    if mode == "forward" and truncation is not None:
        raise BadInput("the nested form goes forward through every step; truncation is for the backward recursion")
    if unroll and T is None:
        raise BadInput("straight-line code needs a number of steps: give T (-T)")
    if unroll and backend in FRAMEWORKS:
        raise BadInput(f"straight-line code is for NumPy; with {backend} the loop serves any T")
    options = TARGETS[backend].options if backend in TARGETS else ()
    if static and STATIC not in options:
        raise BadInput(f"fixed sizes are for C; {backend} has none to fix")
    check_python(python, backend)
    if backend in TARGETS:
        refused = {
            "--unroll": unroll, FORWARD: mode == "forward", "--style": style, "--without": without,
            "--clipping": clipping, TRUNCATION: truncation, CHECKPOINT: checkpoint,
        }
        missing = next((name for name, on in refused.items() if on and name not in options), None)
        if missing:
            raise BadInput(f"{backend} comes as loops for any T; there is no {missing} for it")
        made, *others = TARGETS[backend].files(
            _request(model, backend, T, wrt, python, stem, truncation, checkpoint, static, mode))
        return SourceFile(*made, model, tuple(others))
    heads.check(model, mode)
    if unroll:
        checked_steps(model, T)
    if style not in (None, *STYLES):
        raise UnknownName("style", str(style), STYLES)
    if unroll and style == "fast":
        raise BadInput("the fast style writes loops; straight-line code comes in the plain style")
    fixed = None if unroll or loops(model) else steps_of_loop(T)
    said = T if unroll else fixed
    fast = not unroll and style != "plain"
    _check_passes(without, fast and backend not in FRAMEWORKS and mode == "reverse" and truncation is None)
    wanted = wanted_variables(model, wrt)
    if checkpoint:
        checkpoints.check(model, not unroll and mode == "reverse" and truncation is None, loops(model))
        wanted = wanted if backend in FRAMEWORKS else checkpoints.wanted(model, wanted)
    if backend in FRAMEWORKS and mode == "reverse":
        if clipping:
            raise BadInput(f"clipping is for NumPy; {backend} has functions of its own for it")
        recipe = command(model, said, unroll, wrt, backend)
        return _framework(model, backend, wanted, recipe, Long(checkpoint, truncation), fixed)
    if mode != "reverse" or truncation is not None:
        variant = _variant(mode, truncation, backend, unroll, style)
        recipe = command(model, fixed, False, wrt) + f" {variant.options}" + CLIPPING * clipping
        text = render(PlainWriter(model, None, wanted, fixed), recipe, variant, clipping)
        return SourceFile(f"{model.name}{variant.suffix}.py", text, model)
    writer = FastWriter(model, wanted, without, fixed) if fast else PlainWriter(model, T if unroll else None, wanted, fixed)
    suffix = f"_T{T}" if unroll else ""
    recipe = command(model, said, unroll, wrt) + choices(style, without) + CLIPPING * clipping
    text = render(writer, recipe + checkpoints.OPTION * checkpoint, clipping=clipping, checkpoint=checkpoint)
    return SourceFile(f"{model.name}{suffix}.py", text, model)


def check_python(python: bool, backend: str) -> None:
    """Raises BadInput where a module is asked for that calls a module."""
    if python and (backend not in TARGETS or PYTHON not in TARGETS[backend].options):
        raise BadInput(f"{backend} is Python already; a module that calls it goes with C (--backend c)")


def loops(model: Model) -> bool:
    """Whether an array of the model has an axis for the steps, from which a loop reads T."""
    return any(v.timed for v in model.of(Role.INPUT, Role.PARAMETER, Role.BUFFER))


def for_steps(model: Model, T: int, **options: Any) -> SourceFile:
    """A module that serves T steps, with options of `source`: any T, or this one where no array tells it."""
    return source(model, T=T, **options)


def steps_of_loop(T: int | None) -> int:
    """The T of a loop where no array tells it, `DEFAULT_STEPS` for None; raises BadInput for what is no positive integer."""
    found = whole(DEFAULT_STEPS if T is None else T, 1)
    if found is None:
        raise BadInput(f"T must be an integer of at least 1, not {T}")
    return found


def _framework(
    model: Model, backend: str, wanted: tuple[Variable, ...], recipe: str, long: Long, fixed: int | None
) -> SourceFile:
    """A module for JAX or PyTorch."""
    variant = truncated(*long.truncation) if long.truncation else None
    recipe += f" {variant.options}" if variant else ""
    values = module.context(model, backend, wanted, recipe + checkpoints.OPTION * long.checkpoint, long, fixed)
    text = rendered(f"{backend}/{long.template}", backend, values)
    return SourceFile(f"{model.name}_{backend}{variant.suffix if variant else ''}.py", text, model)


def _request(
    model: Model, name: str, T: int | None, wrt: tuple[str, ...] | str | None, python: bool, stem: str | None,
    truncation: tuple[int, int] | None, checkpoint: bool, static: Mapping[str, int] | None, mode: str,
) -> Request:
    """What a target is asked for; raises BadInput for what no target can do."""
    fixed, wanted, sizes = None if loops(model) else steps_of_loop(T), wanted_variables(model, wrt), tuple((static or {}).items())
    variant = truncated(*truncation) if truncation else None
    if checkpoint:
        checkpoints.check(model, truncation is None)
        wanted = checkpoints.wanted(model, wanted)
    recipe = command(model, fixed, False, wrt, name) + f" {PYTHON}" * python + checkpoints.OPTION * checkpoint
    recipe += f" {variant.options}" if variant else ""
    recipe += f" {FORWARD}" if mode == "forward" else ""
    recipe += f" {STATIC} " + ",".join(f"{key}={size}" for key, size in sizes) if sizes else ""
    stem = stem or model.name + (variant.suffix if variant else "")
    return Request(model, wanted, recipe, stem, fixed, python, sizes, truncation, checkpoint, mode == "forward")


def _variant(mode: str, truncation: tuple[int, int] | None, backend: str, unroll: bool, style: str | None) -> Variant:
    """The variant asked for; raises BadInput for what does not go together."""
    if backend != "numpy" or unroll or style == "fast":
        what = "forward mode" if mode == "forward" else "truncation"
        raise BadInput(f"{what} is for NumPy in the plain style, in loops; leave out other backends, --unroll and the fast style")
    return NESTED if truncation is None else truncated(*truncation)


def _check_passes(without: tuple[str, ...], fast: bool) -> None:
    """Raises UnknownName for a pass that does not exist, BadInput where no passes run."""
    for name in without:
        if name not in PASSES:
            raise UnknownName("pass", name, PASSES)
    if without and not fast:
        raise BadInput(f"passes belong to the fast style of NumPy loops; there is no {without[0]} to leave out here")


def checked_steps(model: Model, T: int | None) -> None:
    """Raises BadInput unless T is a number of steps that straight-line code may have."""
    limit = 20_000 // max(1, len(model.all_equations))
    if whole(T, 1, limit) is None:
        raise BadInput(f"T must be between 1 and {limit} for straight-line code of {model.name}, not {T}")


def render(
    writer: PlainWriter, recipe: str, variant: Variant | None = None, clipping: bool = False, checkpoint: bool = False
) -> str:
    """The text of the module, or of a variant of it."""
    values = filled(writer, recipe, variant, clipping, checkpoint)
    return rendered(variant.template if variant else "numpy/module.py.jinja", "numpy", values)


def filled(
    writer: PlainWriter, recipe: str, variant: Variant | None = None, clipping: bool = False, checkpoint: bool = False
) -> dict[str, Any]:
    """The values of the template, bodies and the lines that open them included."""
    functions = writer.functions()
    loss_loop = "range(T)" if writer.model.loss is None or writer.model.loss.at == "every" else "(T - 1,)"
    values = context(writer, recipe) | {"clipping": clipping} | checkpoints.values(writer.model, checkpoint)
    parts: Parts = {
        "forward": (functions.forward, "range(T)"),
        "loss": (functions.loss, loss_loop),
        "backward": (functions.backward, "reversed(range(T))"),
    }
    if variant is not None:
        variant.extend(writer, values, parts)
    values["residual_lines"] = ['"T": T, "N": N, "_dtype": dtype,', *values["residual_lines"]]
    results = {"forward": "residual_lines", "loss": "direct_lines", "backward": "gradient_lines"}
    for part, (body, steps) in parts.items():
        lines = body.lines(steps) if body else ()
        if values.get(part + "_open"):
            read = reads(lines) | read_by(values.get(results.get(part, ""), ()))
            values[part + "_open"] = [line.text for line in needed(values[part + "_open"], read)]
        values[part + "_body"] = aligned(lines)
    return values
