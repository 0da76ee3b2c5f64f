"""C: the numbers of the NumPy code for every model, clean for strict compilers and sanitizers, codes for what does not fit."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from zoo import CLASSIC, RECENT

from symbptt import data, emit, verify
from symbptt.emit import SourceFile
from symbptt.errors import BadInput
from symbptt.model import define, read
from symbptt.targets.c99 import self_check, source
from symbptt.targets.c99.words import RESERVED, WORDS
from symbptt.verify.load import resolve

KINDS = sorted(str(p) for p in (Path(__file__).parents[1] / "kinds").glob("*.toml"))
CHUNK = str(Path(__file__).parents[1] / "chunk" / "one_chunk.toml")
HEADS = sorted(str(p) for p in (Path(__file__).parents[1] / "heads").glob("*.toml"))
MODELS = [*CLASSIC, *KINDS, CHUNK, *HEADS]
EVERY_MODEL = True
QUICK = ("elman",)
COPYING = ("elman", "lstm", "gru", "gru_reset_after")
"""Models that are run for so many steps and samples, too, that weights are copied."""
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
every_model = pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODELS],
    ids=[Path(name).stem for name in MODELS],
)
needs_cc = pytest.mark.skipif(not COMPILERS, reason="no C compiler")


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is left in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@cache
def emitted(name: str, T: int = 4) -> SourceFile:
    model = read.load(name)
    return emit.source(model, backend="c", python=True, wrt="all", T=None if emit.loops(model) else T)


def close(given: np.ndarray, expected: np.ndarray) -> bool:
    size = max(1.0, float(np.abs(expected).max(initial=0)))
    return given.shape == expected.shape and bool(np.abs(given - expected).max(initial=0) <= 1e-11 * size)


def run(*command: str | Path) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"[:2000]
    return done.stdout


def macro(made: SourceFile) -> str:
    return Path(made.path).stem.upper().replace("-", "_")


def test_no_name_of_a_model_is_one_that_every_file_defines() -> None:
    for text in (path.read_text(encoding="utf-8") for path in source.RUNTIME.glob("*.c")):
        assert set(re.findall(r"#define (\w+)\b(?!\()", text)) <= WORDS
        assert set(re.findall(r"(?m)^(?:static (?:inline )?\w+|#define) (\w+)\(", text)) <= RESERVED


@pytest.mark.share(3)
@needs_cc
@every_model
def test_the_numbers_are_those_of_the_numpy_code(name: str) -> None:
    model = read.load(name)
    ours, theirs = resolve(emit.for_steps(model, 4, wrt="all")), resolve(emitted(name))
    several = ((4, 3), (1, 1), *(((16, 4),) if name in COPYING else ()))
    for T, N in several if emit.loops(model) else ((4, 3),):
        for distributions in (False, True):
            drawn = data.random(model, T=T, N=N, seed=T + N, distributions=distributions)
            assert close(np.asarray(theirs.value(drawn)), np.asarray(ours.value(drawn)))
            outputs, expected = theirs.forward(drawn)[0], ours.forward(drawn)[0]
            assert outputs.keys() == expected.keys() and all(close(outputs[k], expected[k]) for k in expected)
            for given, wanted in ((theirs.gradients(drawn), ours.gradients(drawn)), (theirs.vjp(drawn), ours.vjp(drawn))):
                assert given.keys() == wanted.keys()
                assert all(close(given[k], wanted[k]) for k in wanted), [k for k in wanted if not close(given[k], wanted[k])]


@needs_cc
@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.parametrize("name", RECENT)
def test_so_are_those_of_the_recurrences_since_2020(name: str) -> None:
    test_the_numbers_are_those_of_the_numpy_code(name)


@needs_cc
@pytest.mark.parametrize("value", [
    "tanh(h[t-1] + solve_unit_lower(W @ V, x * solve_unit_lower(V, h[t-1])))", "tanh(tril(W, k=-1) @ h[t-1] + tril(V, k=1) @ x)",
])  # fmt: skip
@pytest.mark.slow
def test_triangles_and_their_inverses_inside_other_values(value: str) -> None:
    model = define.model(name="triangles", inputs={"x": "D"}, parameters={"W": "D D", "V": "D D"}, states={"h": "D"},
                        equations={"h": value}, loss="sum(h * h)")
    drawn = data.random(model, T=4, N=3, seed=1)
    given, wanted = (resolve(made).gradients(drawn) for made in
                     (emit.source(model, backend="c", python=True, wrt="all"), emit.source(model, wrt="all")))
    assert all(close(given[k], wanted[k]) for k in wanted)


@needs_cc
@every_model
@pytest.mark.share(3)
def test_strict_compilers_and_sanitizers_have_no_objection(name: str, tmp_path: Path) -> None:
    made, precision = emitted(name), ("DOUBLE", "FLOAT")[MODELS.index(name) % 2]
    source, program = made.write(tmp_path / made.path), tmp_path / "check"
    macros = [f"-D{macro(made)}_MAIN", f"-D{macro(made)}_{precision}"]
    for compiler in COMPILERS:
        run(compiler, *STRICT, "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *macros, source, "-lm",
            "-o", program)
        assert "WRONG" not in run(program)
    if shutil.which("g++"):
        run("g++", "-std=c++11", "-x", "c++", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
            source.with_suffix(".h"))


@needs_cc
@pytest.mark.parametrize("name", ["elman", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lstm", "gru"))])
def test_nor_to_the_copies_of_weights_for_many_steps(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check, "STEPS", 16)
    monkeypatch.setattr(self_check, "SAMPLES", 4)
    made = emit.source(name, backend="c")
    place = made.write(tmp_path / made.path)
    assert "if (!few) {" in made.text
    run(COMPILERS[0], *STRICT, "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-D{macro(made)}_MAIN",
        f"-D{macro(made)}_DOUBLE", place, "-lm", "-o", tmp_path / "check")
    assert "WRONG" not in run(tmp_path / "check")


@pytest.mark.slow
@pytest.mark.skipif("gcc" not in COMPILERS, reason="no gcc")
def test_sums_and_maxima_in_the_lanes_of_vectors(tmp_path: Path) -> None:
    made = emitted("elman")
    source, program = made.write(tmp_path / made.path), tmp_path / "check"
    assert {"SUM_IN(sum)", "MOST_IN(most)"} <= {line.strip() for line in made.text.splitlines()}
    run("gcc", *STRICT, "-O3", "-fopenmp-simd", "-DELMAN_SIMD", "-DELMAN_MAIN", "-DELMAN_DOUBLE", source, "-lm", "-o", program)
    assert "WRONG" not in run(program)


@needs_cc
def test_the_self_check_notices_a_wrong_line(tmp_path: Path) -> None:
    made = emitted("elman")
    line = next(line for line in made.text.splitlines() if line.endswith("/* (7) */"))
    text = made.text.replace(line, line.replace("(z * z)", "(real)0.99 * (z * z)"))
    broken = SourceFile(made.path, text, made.model, made.others)
    assert broken.text != made.text
    program = tmp_path / "check"
    run(COMPILERS[0], "-std=c99", "-DELMAN_MAIN", "-DELMAN_DOUBLE", broken.write(tmp_path / "elman.c"), "-lm", "-o", program)
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 1 and "W_hh" in done.stdout and "WRONG" in done.stdout


@needs_cc
def test_the_self_check_of_truncated_code_takes_steps_that_lose_no_term(tmp_path: Path) -> None:
    made, program = emit.source("elman", backend="c", truncation=(2, 3)), tmp_path / "check"
    source = made.write(tmp_path / made.path)
    run(COMPILERS[0], "-std=c99", "-DELMAN_MAIN", "-DELMAN_DOUBLE", source, "-lm", "-o", program)
    assert "WRONG" not in run(program)


@pytest.fixture
def module() -> Any:
    return resolve(emitted("elman")).module


@pytest.mark.slow
@needs_cc
def test_hostile_sizes_and_classes_have_codes(module: Any) -> None:
    library = module._library(True)
    most = 2**64 - 1
    for sizes in ((0, 1, 1, 1, 1), (most, 1, 1, 1, 1), (2**40, 2**40, 1, 1, 1), (1, 1, 2**33, 2**33, 1), (most // 8, 1, 1, 8, 1)):
        assert library.workspace(ctypes.byref(library.sizes(*sizes))) == 0
    assert library.workspace(None) == 0
    drawn = data.random(read.load("elman"), seed=1)
    with pytest.raises(ValueError, match="class"):
        module.value_and_grad(drawn.parameters, drawn.inputs, {"y": drawn.targets["y"] + 10}, drawn.states)
    with pytest.raises(ValueError, match="W_hh"):
        module.forward({**drawn.parameters, "W_hh": np.zeros((2, 3))}, drawn.inputs)
    with pytest.raises(TypeError, match="complex"):
        module.forward({k: v + 0j for k, v in drawn.parameters.items()}, drawn.inputs)


@pytest.mark.slow
@needs_cc
def test_a_prepared_call_sees_what_changes(module: Any) -> None:
    drawn = data.random(read.load("elman"), seed=1)
    targets = {"y": drawn.targets["y"].astype(np.int32)}
    step = module.prepare(drawn.parameters, drawn.inputs, targets, drawn.states)
    first = step()
    assert first == module.value_and_grad(*drawn.groups[:2], targets, drawn.states)[0]
    drawn.parameters["W_hh"] *= 0.5
    loss, gradients = module.value_and_grad(*drawn.groups[:2], targets, drawn.states)
    assert step() == loss != first and all(np.array_equal(step.gradients[k], gradients[k]) for k in gradients)
    with pytest.raises(ValueError, match="W_hh has to be contiguous"):
        module.prepare({**drawn.parameters, "W_hh": np.asfortranarray(drawn.parameters["W_hh"])}, drawn.inputs, targets)


@pytest.mark.slow
@needs_cc
def test_calls_with_arrays_of_known_shapes_keep_nothing_of_the_calls_before(module: Any) -> None:
    model = read.load("elman")
    drawn = [data.random(model, T=3, seed=seed) for seed in (1, 2)]
    before = [drawn[0].parameters["W_hh"].copy(), drawn[0].targets["y"].copy()]
    first = [module.value_and_grad(*d.groups[:2], d.targets, d.states) for d in drawn]
    steps = [module.prepare(*d.groups[:2], {"y": d.targets["y"].astype(np.int32)}, d.states) for d in drawn]
    for d, (loss, gradients), step in zip(drawn, first, steps, strict=True):
        assert loss == step() and all(np.array_equal(gradients[k], step.gradients[k]) for k in gradients)
        assert all(not np.shares_memory(gradients[k], v) for k, v in {**d.parameters, **d.inputs, **d.states}.items())
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(lambda _, d=d: module.value_and_grad(*d.groups[:2], d.targets, d.states), range(50)))
        assert all(value == loss and np.array_equal(made["W_hh"], gradients["W_hh"]) for value, made in again)
    assert np.array_equal(drawn[0].parameters["W_hh"], before[0]) and np.array_equal(drawn[0].targets["y"], before[1])


@pytest.mark.slow
@needs_cc
def test_larger_calls_take_over_the_workspace_of_the_one_before(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SMALL", 0)
    model = read.load("elman")
    drawn = [data.random(model, T=T, N=N, seed=T) for T, N in ((50, 8), (30, 8), (90, 8), (20, 8))]
    made = [module.prepare(*d.groups[:2], {"y": d.targets["y"].astype(np.int32)}, d.states)() for d in drawn]

    def call(k: int) -> tuple[float, int]:
        loss = module.value_and_grad(*drawn[k].groups[:3], drawn[k].states)[0]
        return float(loss), len(module._SPARE[0]) if module._SPARE else 0

    module._SPARE.clear()
    module._READY.clear()
    for loss, (found, _) in zip(made, map(call, range(4)), strict=True):
        assert found == loss
    blocks = [call(k)[1] for k in (0, 2, 1)]
    assert blocks[0] == blocks[1] == blocks[2] > 0, "the largest that was needed serves all"
    with ThreadPoolExecutor(4) as pool:
        for k, (found, _) in zip(list(range(4)) * 8, pool.map(call, list(range(4)) * 8), strict=True):
            assert found == made[k]


@pytest.mark.slow
@needs_cc
@pytest.mark.parametrize(("wrong", "fits"), [(2**32, False), (-(2**32), True), (-1, True)])
def test_classes_of_64_bits_mean_what_they_say(module: Any, wrong: int, fits: bool) -> None:
    d = data.random(read.load("elman"), seed=1)
    uncounted, classes = (d.targets["y"].astype(np.int64) for _ in range(2))
    uncounted[0], classes[0] = -1, wrong
    expected = module.value_and_grad(*d.groups[:2], {"y": uncounted}, d.states)[0]
    if fits:
        assert module.value_and_grad(*d.groups[:2], {"y": classes}, d.states)[0] == expected
    else:
        with pytest.raises(ValueError, match="class"):
            module.value_and_grad(*d.groups[:2], {"y": classes}, d.states)


@pytest.mark.slow
@needs_cc
def test_returned_arrays_belong_to_the_caller(module: Any) -> None:
    drawn = data.random(read.load("elman"), T=3, seed=1)
    outputs, residuals = module.forward(drawn.parameters, drawn.inputs, drawn.states)
    kept = outputs["h"].copy()
    module.forward(drawn.parameters, {"x": 2 * drawn.inputs["x"]})
    first = module.backward(drawn.parameters, residuals, {"h": kept})
    again = module.backward(drawn.parameters, residuals, {"h": kept})
    assert np.array_equal(outputs["h"], kept) and all(np.array_equal(first[k], again[k]) for k in first)


@pytest.mark.slow
@needs_cc
def test_precision_is_that_of_the_arrays(module: Any) -> None:
    drawn = data.random(read.load("elman"), seed=1)
    single, inputs, states = ({k: v.astype(np.float32) for k, v in part.items()}
                              for part in (drawn.parameters, drawn.inputs, drawn.states))
    loss, gradients = module.value_and_grad(single, inputs, drawn.targets, states)
    exact, expected = module.value_and_grad(*drawn.groups[:2], drawn.targets, drawn.states)
    assert abs(loss - exact) < 1e-5 * abs(exact)
    assert all(gradients[k].dtype == np.float32 and np.allclose(gradients[k], expected[k], atol=1e-4) for k in expected)


def test_without_a_compiler_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    drawn = data.random(read.load("elman"), seed=1)
    with pytest.raises(RuntimeError, match=r"elman\.c needs a C compiler"):
        resolve(emitted("elman")).module.forward(drawn.parameters, drawn.inputs)


@pytest.mark.parametrize("options", [
    {"unroll": True, "T": 3}, {"mode": "backward"}, {"style": "plain"}, {"without": ("halves",)}, {"clipping": True},
    {"truncation": (1, 2), "static": {"T": 2}}, {"truncation": (1, 2), "checkpoint": True}, {"stem": 'a"b'},
])  # fmt: skip
def test_what_c_has_not_is_refused_in_one_sentence(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        emit.source("elman", backend="c", **options)
    assert "\n" not in str(refused.value)


def test_a_name_of_the_model_stays_inside_its_comment() -> None:
    model = read.from_text(read.load("elman").text.replace("Elman network", "*/ int x; /* \\\\"), "title", "title")
    made = emit.source(model, backend="c")
    assert "*/ int x" not in made.text + made.others[0][1]


MACROS = ("C", "PER_LOG2", "INFINITY", "stdin", "INT32_MAX", "LANES", "NULL", "linux", "this", "register", "restrict")


@pytest.mark.sampled(5)
@needs_cc
@pytest.mark.parametrize("dimension", MACROS)
def test_names_of_macros_and_of_both_languages_are_left_alone(dimension: str, tmp_path: Path) -> None:
    model = read.from_text(
        f'[inputs]\n{MACROS[0]}x = "{dimension}"\n[states]\nlogf = "{dimension}"\n[parameters]\nmemcpy = "{dimension}"\n'
        '[equations]\nlogf = "tanh(memcpy * logf[t-1] + Cx)"\n[loss]\nstep = "sum(logf * logf)"\n', "names", "names")
    made = emit.source(model, backend="c", wrt="all")
    source = made.write(tmp_path / made.path)
    run(COMPILERS[0], *STRICT, "-DNAMES_MAIN", "-DNAMES_DOUBLE", source, "-lm", "-o", tmp_path / "check")
    assert "WRONG" not in run(tmp_path / "check")


@needs_cc
def test_a_part_that_begins_behind_a_sum_of_dimensions() -> None:
    text = '[parameters]\nW = "D H"\np = "D+H+H"\n[equations]\nv = "W @ p[D+H:]"\n'
    model = read.from_text(text, "parts", "parts")
    drawn = data.random(model, T=1, N=1, seed=1)
    theirs = resolve(emit.source(model, backend="c", python=True, wrt="all", T=1)).gradients(drawn)
    ours = resolve(emit.source(model, wrt="all", T=1)).gradients(drawn)
    assert all(close(theirs[name], ours[name]) for name in ours)


@pytest.mark.slow
@needs_cc
@pytest.mark.parametrize("name", (*QUICK, "lstm", *KINDS), ids=lambda name: Path(name).stem)
@pytest.mark.share(4)
def test_a_file_of_fixed_sizes_holds_its_workspace_and_passes_its_check(name: str, tmp_path: Path) -> None:
    model = read.load(name)
    sizes = {own: 2 + k for k, own in enumerate(source.interface(model, model.parameters).dimensions.values())}
    with pytest.raises(BadInput, match=f"{[*sizes][-1]} is missing"):
        emit.source(model, backend="c", static=dict([*sizes.items()][:-1]), T=None if emit.loops(model) else sizes["T"])
    made = emit.source(model, backend="c", static=sizes, T=None if emit.loops(model) else sizes["T"])
    assert "few ?" not in made.text
    place = made.write(tmp_path / made.path)
    for macros in ([], [f"-D{macro(made)}_DYNAMIC"]):
        run(COMPILERS[0], *STRICT, "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-D{macro(made)}_MAIN",
            f"-D{macro(made)}_DOUBLE", *macros, place, "-lm", "-o", tmp_path / "check")
        assert "WRONG" not in run(tmp_path / "check")
    if shutil.which("arm-none-eabi-gcc"):
        run("arm-none-eabi-gcc", *STRICT, "-Os", "-mcpu=cortex-m4", "-mthumb", "-c", place, "-o", tmp_path / "small.o")


@pytest.mark.slow
@pytest.mark.parametrize("options", [["-m32"], ["-ffreestanding", "-Os"]], ids=" ".join)
def test_other_machines(options: list[str], tmp_path: Path) -> None:
    probe = tmp_path / "probe.c"
    probe.write_text("#include <stdint.h>\n#include <math.h>\n#include <string.h>\nint probe;\n")
    compiler = next((c for c in COMPILERS if not subprocess.run([c, *options, "-c", probe, "-o", tmp_path / "probe.o"],
                                                               capture_output=True).returncode), None)
    if compiler is None:
        pytest.skip(f"no compiler here takes {' '.join(options)}")
    for name in ("lstm", "gated_deltanet", str(KINDS[0])):
        made = emitted(name)
        run(compiler, *STRICT, *options, "-c", made.write(tmp_path / made.path, force=True), "-o", tmp_path / "made.o")


LONG: dict[str, dict[str, Any]] = {
    "window": {"truncation": (1, 2)}, "gaps": {"truncation": (3, 2)}, "overlaps": {"truncation": (2, 5)},
    "segments": {"checkpoint": True},
}


@cache
def long(name: str, way: str, backend: str) -> Any:
    model = read.load(name)
    steps = None if emit.loops(model) else 7
    made = emit.source(model, wrt="all", T=steps, backend=backend, python=backend == "c", **LONG[way])
    return resolve(made)


def divisible(name: str, way: str) -> bool:
    loss = read.load(name).loss
    return way != "segments" or (loss is not None and loss.reduction == "sum")


UNLIKE = ("lstm", *(k for k in KINDS if Path(k).stem in {
    "loss-at-last", "loss-mean", "learned-start", "lagged", "no-loss", "no-inputs", "untied", "names-of-code", "no-states",
    "own-loss-reads-past", "several-losses", "index-input", "matrix-state",
}))  # fmt: skip


@needs_cc
@pytest.mark.slow
@pytest.mark.parametrize("way", [pytest.param(way, marks=[] if way == "gaps" else pytest.mark.share(2)) for way in LONG])
@pytest.mark.parametrize("name", ["elman", *UNLIKE], ids=lambda name: Path(name).stem)
def test_long_sequences_have_the_numbers_of_the_numpy_code(name: str, way: str) -> None:
    if not divisible(name, way):
        pytest.skip("its loss does not fall apart")
    ours, theirs = (long(name, way, backend) for backend in ("numpy", "c"))
    model = read.load(name)
    for seed, N in ((1, 3), (2, 1)):
        drawn = data.random(model, T=7, N=N, seed=seed, distributions=bool(seed % 2))
        arguments = (*drawn.groups[:2], drawn.targets, drawn.states)
        weighing = {"mask": (np.arange(7 * N).reshape(7, N) % 3 > 0) * 1.0, "weights": np.arange(7) + 0.5}
        function = "value_and_grad_in_segments" if way == "segments" else "value_and_grad"
        options = [{}, weighing, *({"segments": k} for k in (1, 3, 5, 7) if way == "segments")]
        for chosen in options if model.loss else ():
            value, given = getattr(theirs.module, function)(*arguments, **chosen)
            loss, wanted = ours.module.value_and_grad(*arguments, **{k: v for k, v in chosen.items() if k != "segments"})
            assert close(np.asarray(value), np.asarray(loss)) and given.keys() == wanted.keys()
            assert all(close(np.asarray(given[k]), np.asarray(wanted[k])) for k in wanted), chosen
        given, wanted = theirs.vjp(drawn), ours.vjp(drawn)
        assert all(close(given[k], wanted[k]) for k in wanted)


@needs_cc
@pytest.mark.slow
@pytest.mark.parametrize("way", LONG)
@pytest.mark.parametrize("name", ["elman", str(Path(KINDS[0]).with_name("untied.toml"))], ids=lambda name: Path(name).stem)
def test_strict_compilers_and_sanitizers_have_no_objection_to_long_sequences(name: str, way: str, tmp_path: Path) -> None:
    made = emit.source(name, backend="c", wrt="all", **LONG[way])
    place = made.write(tmp_path / made.path)
    prefix = source.interface(made.model, made.model.parameters).macro
    run(COMPILERS[0], *STRICT, "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-D{prefix}_MAIN",
        f"-D{prefix}_DOUBLE", place, "-lm", "-o", tmp_path / "check")
    told = run(tmp_path / "check")
    assert "WRONG" not in told and ("segments" in told) == (way == "segments")
    if way != "segments":
        with pytest.raises(BadInput, match="truncated on purpose"):
            verify.file(place)
