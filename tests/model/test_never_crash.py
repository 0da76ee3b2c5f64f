"""Whatever is read, a model or one clear message comes out, quickly."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbptt.errors import BadInput
from symbptt.model import read, sections
from symbptt.model.functions import CALLS

CELL = """
[inputs]
x = "D"
i = "index K"
[states]
h = "D"
[parameters]
W = "D D"
s = ""
[targets]
y = "D"
[equations]
a = %s
h = %s
[loss]
step = %s
"""
SIGNS = ("0", "1", "2", "3", "0.5", "1e-3", "+", "-", "*", "/", "**", "@", "(", ")", "[", "]", ":", ",", ".", "=", ".T", " ")
NAMES = ("x", "h", "W", "s", "i", "y", "a", "t", "D", "K", "[t-1]", "[t-2]", "[t]", "activation", "lambda", "None")
TOKENS = (*SIGNS, *NAMES, *CALLS)
WORDS = ("D", "H+D", "1", "", "D D", "index V", "x", "tanh(x)", "h[t-1]", "every", "zeros", "\\mathbf{x}", "W @ x", "\n", "é")


def outcome(text: str) -> str:
    """The error's message, or nothing for a good model. Anything else than BadInput is a failure."""
    try:
        model = read.from_text(text, "any.toml")
    except BadInput as error:
        message = str(error)
        assert message.startswith("any.toml: ") and "Traceback" not in message and len(message) < 1000
        return message
    assert read.from_text(model.text, "any.toml") == model
    return ""


@given(st.text())
def test_any_text(text: str) -> None:
    outcome(text)


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_any_expression(a: str, h: str, loss: str) -> None:
    outcome(CELL % tuple(json.dumps(part, ensure_ascii=False).replace("\x7f", "") for part in (a, h, loss)))


_tokens = st.lists(st.sampled_from(TOKENS), max_size=14).map("".join)


@given(_tokens, _tokens)
def test_any_sequence_of_tokens(a: str, loss: str) -> None:
    outcome(CELL % (json.dumps(a), '"tanh(a)"', json.dumps(loss)))


_toml = st.recursive(
    st.one_of(st.sampled_from(WORDS), st.text(max_size=20), st.integers(), st.booleans(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)),
    max_leaves=8,
)
_sections = st.sampled_from(sections.KEYS)


def _written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(st.dictionaries(_sections, _toml, max_size=5))
def test_any_toml(data: dict[str, object]) -> None:
    outcome("\n".join(f"{key} = {_written(value)}" for key, value in data.items()))


@given(st.data())
def test_a_model_file_with_a_few_characters_changed(data: st.DataObject) -> None:
    text = read.load(data.draw(st.sampled_from(read.names()))).text
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(text) - 1))
        text = text[:position] + data.draw(st.sampled_from(["", "x", "[", '"', "\n", "=", " ", "1", "@"])) + text[position + 1 :]
    outcome(text)


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "text",
    (
        "a" + ".a" * 32_000 + "=1",
        "a." * 190 + "b = 1\n" + "".join("a." * 190 + f"b{k} = 1\n" for k in range(150)),
        "a = " + "[" * 60_000,
        "a = " + "{a=" * 15_000,
        '[inputs]\nx = "D"\n[equations]\na = "' + "-" * 1900 + 'x"',
        '[inputs]\nx = "D"\n[equations]\na = "x * ' + "(9**16)**16 * " * 50 + '1"',
        '[inputs]\nx = "D"\n[equations]\n' + "".join(f'a{k} = "{"tanh(" * 50}x * {k}{")" * 50}"\n' for k in range(60)),
        '[inputs]\nx = "D"\n[states]\n' + "".join(f's{k} = "D"\n' for k in range(400)) + "[equations]\n"
        + "".join(f's{k} = "s{k}[t-16] + x"\n' for k in range(400)),
        '[inputs]\nx = "D"\n[equations]\na0 = "x"\n' + "".join(f'a{k + 1} = "a{k} * a{k} + tanh(a{k})"\n' for k in range(450)),
        '[inputs]\nx = "D"\n[equations]\n' + "".join(f'a{k} = "a{(k + 1) % 450} + a{(k + 7) % 450}"\n' for k in range(450)),
    ),
    ids=range(10),
)
def test_nothing_hangs(text: str) -> None:
    start = time.process_time()
    outcome(text)
    assert time.process_time() - start < 15
