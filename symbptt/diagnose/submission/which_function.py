"""Which function of a file computes the gradients, and the files whose backward pass a library calls."""

import ast
from collections.abc import Iterator

from symbptt.diagnose.submission.signature import Function, Source
from symbptt.errors import BadInput


def chosen(source: Source, name: str | None, model: str) -> Function:
    """The function of this name, or the one that most likely computes gradients. Raises BadInput, and says so where it is a
    library that calls the backward pass."""
    if name:
        return source.function(name, model)
    of_libraries = [*_of_libraries(source)]
    try:
        function = source.function(None, model)
    except BadInput:
        if not of_libraries:
            raise
    else:
        if function.owner not in of_libraries and all(n in source.attributes for n in of_libraries):
            return function
    has = f"{of_libraries[0]} has" if len(of_libraries) == 1 else f"each of {', '.join(of_libraries)} has"
    raise BadInput(f"{source.path}: {has} a backward pass that its library calls: give it in place of the file, "
                   f"as --function {source.path.stem}:{of_libraries[0]}")


def _of_libraries(source: Source) -> Iterator[str]:
    """Every torch.autograd.Function of the file, and every function that is given a backward pass by defvjp."""
    for made in (c for c in source.tree.body if isinstance(c, ast.ClassDef)):
        if any((b.attr if isinstance(b, ast.Attribute) else getattr(b, "id", "")) == "Function" for b in made.bases):
            yield made.name
    given = (n.value for n in ast.walk(source.tree) if isinstance(n, ast.Attribute) and n.attr == "defvjp")
    yield from dict.fromkeys(of.id for of in given if isinstance(of, ast.Name))
