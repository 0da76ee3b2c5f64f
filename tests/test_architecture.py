"""The rules that keep the package readable: imports point one way, files are short, names are not hidden."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "symbptt"
FILES = sorted(PACKAGE.rglob("*.py"))
ORDER = (
    ("checks", "collector", "display", "errors", "files", "terminal", "version"), ("guard",), ("extensions",), ("resources",),
    ("words",), ("template",), ("algebra",), ("model",), ("data",), ("typeset",), ("draw",), ("unroll",), ("derive",), ("chunk",),
    ("program",), ("passes",), ("targets",), ("emit",),
    ("analyze",), ("verify",), ("narrative",), ("compose",), ("mistakes",), ("document", "diagnose"), ("quiz",),
    ("course", "fuzz", "gallery", "mcp", "notebook", "testing"), ("cli", "web"), ("__main__",),
)
RANK = {stage: rank for rank, stages in enumerate(ORDER) for stage in stages}
LIMIT = 300

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def module(path: Path) -> tuple[str, ...]:
    """symbptt/unroll/graph.py -> ("unroll", "graph")."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imported(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The modules of the package that a file imports, `if TYPE_CHECKING` and `import_module` included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
            names = [a.value for a in node.args if isinstance(a, ast.Constant)]
        else:
            continue
        yield from (tuple(name.split(".")[1:]) for name in names if name.split(".")[0] == "symbptt")


@every_file
def test_imports_point_one_way(path: Path) -> None:
    here = module(path)
    if not here:
        return  # symbptt/__init__.py names every stage, and imports none until it is used.
    stage = here[0]
    assert stage in RANK, f"give {stage} its place in the order"
    for name in imported(ast.parse(path.read_text())):
        if not name or name[0] not in RANK:
            assert stage == "cli", f"{stage} imports from the top of the package, which knows every stage"
        else:
            helpers = RANK[name[0]] == RANK[stage] == 0
            assert name[0] == stage or RANK[name[0]] < RANK[stage] or helpers, f"{stage} imports {name[0]}"


def test_no_circle_of_files() -> None:
    """Also lazy imports, and imports by the name of a module, close a circle."""
    names = {module(path): path for path in FILES}
    # What is no module is a name, taken from the module before it.
    reads = {
        here: {name if name in names else name[:-1] for name in imported(ast.parse(path.read_text()))}
        for here, path in names.items() if here
    }
    try:
        tuple(TopologicalSorter({here: found & set(names) for here, found in reads.items()}).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(".".join(part) for part in error.args[1]))


@every_file
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LIMIT


@every_file
def test_no_imports_inside_functions_and_no_broad_nets(path: Path) -> None:
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))]
    hidden = [n.lineno for f in functions for n in ast.walk(f) if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert not hidden, f"imports inside functions in lines {hidden}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"star import in line {node.lineno}"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception", "BaseException"), f"catches {caught} in line {node.lineno}"


def bound(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names that a package's __init__ binds, each with the module it stands for ("" for none)."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, ""
        elif isinstance(node, ast.Assign):
            yield from ((target.id, "") for target in node.targets if isinstance(target, ast.Name))


@pytest.mark.parametrize("path", [f for f in FILES if f.name == "__init__.py"], ids=lambda path: path.parent.name)
def test_no_name_hides_a_submodule(path: Path) -> None:
    submodules = {p.stem for p in path.parent.glob("*.py")} | {p.name for p in path.parent.iterdir() if p.is_dir()}
    package = ".".join(["symbptt", *module(path)])
    for name, home in bound(ast.parse(path.read_text())):
        assert name not in submodules or home == f"{package}.{name}", f"{package}.{name} hides a submodule"


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


@every_file
def test_public_names_are_documented(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the module has no docstring"
    missing = [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert not missing, f"no docstring: {missing}"


def test_the_interpreter_shares_no_code_with_what_it_judges() -> None:
    for path in (PACKAGE / "verify").glob("interpreter*.py"):
        for name in imported(ast.parse(path.read_text())):
            assert name[0] not in ("derive", "emit"), f"{path.name} imports {name[0]}"


def test_every_folder_with_code_is_a_package() -> None:
    for folder in {path.parent for path in FILES}:
        assert (folder / "__init__.py").is_file(), f"{folder.name} has no __init__.py"


STAGES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py") if "__all__" in path.read_text())


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_what_is_public(stage: str) -> None:
    package = import_module(f"symbptt.{stage}")
    assert dir(package) == sorted(package.__all__) and all(hasattr(package, name) for name in package.__all__)
