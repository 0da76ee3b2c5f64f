"""The public check: known numbers at a small size, and a function that tells right from wrong."""

from __future__ import annotations

from symbptt.course.assignment.task import Task, case_text

_FUNCTION = '''
def check(backward):
    """Say of every gradient at a small size whether it is right; returns the names of those that are not."""
    arguments = {part: {name: np.array(value) for name, value in CASE[part].items()} for part in CASE if part != "gradients"}
    found = backward(**arguments)
    wrong = []
    for name, value in CASE["gradients"].items():
        right, given = np.array(value), found.get(name)
        ok = given is not None and np.shape(given) == right.shape and np.allclose(given, right, rtol=1e-6, atol=1e-9)
        print(f"{name}: {'right' if ok else 'wrong'}")
        wrong += [] if ok else [name]
    return wrong
'''


def check(task: Task) -> str:
    """The check as a module, or a cell."""
    return f'import json\n\nimport numpy as np\n\nCASE = json.loads("""\n{case_text(task)}\n""")\n\n{_FUNCTION}'
