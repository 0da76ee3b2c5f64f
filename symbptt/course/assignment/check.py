"""The public check: known numbers at a small size, and a function that tells right from wrong."""

import re

from symbptt.course.assignment.task import Task, case_text

_FUNCTION = '''
def check(backward):
    """ABOUT"""
    arguments = {part: {name: np.array(value) for name, value in CASE[part].items()} for part in CASE if part != "gradients"}
    found = backward(**arguments)
    wrong = []
    for name, value in CASE["gradients"].items():
        right, given = np.array(value), found.get(name)
        ok = given is not None and np.shape(given) == right.shape and np.allclose(given, right, rtol=1e-6, atol=1e-9)
        print(f"{name}: {'RIGHT' if ok else 'WRONG'}")
        wrong += [] if ok else [name]
    return wrong
'''
_WORD = re.compile("ABOUT|RIGHT|WRONG")


def check(task: Task) -> str:
    """The check as a module, or a cell."""
    said = {"ABOUT": task.word("code.check"), "RIGHT": task.word("code.right"), "WRONG": task.word("code.wrong")}
    function = _WORD.sub(lambda found: said[found[0]], _FUNCTION)
    return f'import json\n\nimport numpy as np\n\nCASE = json.loads("""\n{case_text(task)}\n""")\n\n{function}'
