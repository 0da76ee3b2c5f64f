"""More of the corpus: the same mistake at all sites of a kind, and models whose states are matrices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .corpus import Mistake

HERE = Path(__file__).parent / "models"
MATRIX_MODELS = tuple(str(HERE / f"{name}.toml") for name in ("linear_attention", "gated_delta_rule", "mlstm"))
_SIGMOID = re.compile(r"^(        d_\w+ = d_\w+ \* )\((\w+\[t\]) \* \(1 - \2\)\)(.*)$", re.M)
_TANH = re.compile(r"^(        d_\w+ = d_\w+ \* )\((1 - (\w+\[[^\]]+\]) \*\* 2)\)(.*)$", re.M)


def systematic(text: str) -> Iterator[Mistake]:
    """One helper that is wrong, or one habit: the mistake wherever it can be made."""
    for what, pattern, forms in (
        ("sigmoid", _SIGMOID, {"slope-argument": r"\1(_sigmoid(\2) * (1 - _sigmoid(\2)))\3", "slope-missing": r"\1(1)\3",
                               "slope-wrong": r"\1(1 - \2)\3"}),
        ("tanh", _TANH, {"slope-argument": r"\1(1 - np.tanh(\3) ** 2)\4", "slope-missing": r"\1(1)\4",
                         "slope-wrong": r"\1(1 - \3)\4"}),
    ):
        if len(pattern.findall(text)) > 1:
            for cause, form in forms.items():
                yield _replaced(text, cause, f"every {what}", pattern, form)
    yield _replaced(text, "transpose-missing", "every recurrent weight", r"( d_h_next = .*)$", lambda m: re.sub(
        r"@ (W_h\w)\b", r"@ \1.T", m[0]))
    yield _replaced(text, "overwritten", "every bias", r"^(        grad_b_\w+) \+=", r"\1 =")
    yield _replaced(text, "bias-not-summed", "every bias", r"^(        grad_b_\w+ \+= \w+)\.sum\(axis=0\)", r"\1[0]")
    yield _replaced(text, "overwritten", "every gradient", r"^(        grad_\w+) \+=", r"\1 =")
    yield _replaced(text, "off-by-one", "h in every gradient", r"^(        grad_W_h(?!o)\w+ \+= .*)\bh\[t\]", r"\1h[t + 1]")
    yield _replaced(text, "carry-dropped", "all", r" \+ d_\w+_next ", " ")


def matrix_states(text: str) -> Iterator[Mistake]:
    """What can go wrong in the backward pass of a memory: each line once."""
    lines = [m for m in re.finditer(r"^        (d_\w+|grad_\w+) (\+?=) (.+?)( +# \(.*)$", text, re.M)]
    for line in lines:
        name, value = line[1], line[3]
        carry = name.endswith("_next")

        def made(cause: str, what: str, new: str, line: re.Match[str] = line, old: str = value, name: str = name) -> Mistake:
            return Mistake(cause, f"{name}: {what}", line[0], line[0].replace(old, new, 1))

        if line[2] == "+=":
            yield Mistake("overwritten", name, line[0], line[0].replace("+=", "="))
        summands = _summands(value)
        for summand in summands if len(summands) > 1 and not any("c_" in s for s in summands) else ():
            yield made("route-missing", f"without {summand}", " + ".join(s for s in summands if s != summand))
        if re.search(r" \+ d_\w+_next$", value):
            yield made("carry-dropped", "", re.sub(r" \+ d_\w+_next$", "", value))
        if factor := re.fullmatch(r"(d_\w+) \* (\w+\[t\](\[\.\.\., None\])?)", value):
            yield made("factor-missing", factor[2], factor[1])
            yield made("stale-buffer", "first step", value.replace("[t]", "[0]"))
        if re.fullmatch(r"d_\w+ \* \((\w+\[t\]) \* \(1 - \1\)\)", value):
            yield made("slope-missing", "", value.split(" * (")[0])
        if value.startswith("-d_") and " - " not in value:
            yield made("sign-flipped", "", value[1:])
        if value.startswith(("(S[t + 1]", "(C[t + 1]")) and not carry:
            yield made("off-by-one", "", re.sub(r"\b([SC])\[t \+ 1\]", r"\1[t]", value))


def _summands(value: str) -> list[str]:
    """The summands of a sum, none for a difference or where a sum stands in brackets."""
    plus = r" \+ (?!1\])"
    return re.split(plus, value) if " - " not in value and not re.search(r"\([^()]*" + plus, value) else []


def _replaced(text: str, cause: str, what: str, pattern: str | re.Pattern[str], new: object) -> Mistake:
    return Mistake(cause, what, text, re.sub(pattern, new, text, flags=0 if isinstance(pattern, re.Pattern) else re.M))  # type: ignore[call-overload]
