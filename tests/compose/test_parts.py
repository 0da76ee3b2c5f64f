"""A file with two directions as parts, and what is refused in one sentence."""

from __future__ import annotations

import pytest

import symbptt
from symbptt.compose import Part, load, names
from symbptt.compose.emission import source
from symbptt.compose.read import from_text
from symbptt.errors import BadInput
from symbptt.model.values import Role

HEAD = '[inputs]\nx = "H"\n[states]\nh = "H"\n[backward]\nb = "H"\n[parameters]\nW = "H H"\n[equations]\n'


def written(part: Part) -> list[str]:
    return [e.target.name for e in part.model.equations if e.target.definition is None]


@pytest.mark.parametrize("name", names())
def test_a_model_file_is_complete(name: str) -> None:
    chain = load(name)
    assert chain.name == name and chain.title and chain.reference and chain.loss is not None
    chinese = next(told for told in chain.translations if told.language == "zh")
    assert chinese.title and len(chinese.notes) == len(chain.notes)
    for variable in chain.variables:
        if variable.role is not Role.LOSS:
            assert set(dict(variable.description)) >= {"en", "zh"}, variable.name


def test_the_parts_of_a_bidirectional_network() -> None:
    chain = load("birnn")
    assert [written(part) for part in chain.parts] == [["h"], ["b"], ["o"]]
    assert [part.backward for part in chain.parts] == [False, True, False]
    assert [(link.name, link.source) for link in chain.parts[2].links] == [("h", "h"), ("b", "b")]
    assert [v.name for v in chain.outputs] == ["h", "b", "o"] and [v.name for v in chain.given_states] == ["h", "b"]


def test_equations_go_where_they_are_needed() -> None:
    """What recurs in no direction is written where it is read, and a part has all that can be computed in its direction."""
    text = HEAD + 'u = "W @ x"\nh = "tanh(h[t-1] + u)"\nb = "tanh(b[t+1] + u)"\nc = "h * u"\nd = "W @ d[t-1] + b"'
    chain = from_text(text.replace('[backward]', 'd = "H"\n[backward]'), "mine.toml", "mine")
    assert [written(part) for part in chain.parts] == [["u", "h"], ["u", "b"], ["u", "c", "d"]]


@pytest.mark.parametrize(("equations", "said"), [
    ('h = "tanh(W @ h[t-1] + b)"\nb = "W @ b[t+1] + h"', "a circle through both directions: h -> b -> h"),
    ('h = "h[t-1] + z"\nz = "b"\nb = "b[t+1] + u"\nu = "h + x"', "h -> z -> b -> u -> h"),
    ('h = "W @ h[t+1]"\nb = "b[t+1]"', "column 5: reads h[t+1], and h is listed in [states]; expected an earlier step"),
    ('h = "h[t-1]"\nb = "W @ b[t-1]"', "reads b[t-1], and b is listed in [backward]; expected a later step"),
    ('h = "h[t-1]"\nb = "b[t+1]"\no = "h[t-1] + b[t+1]"', "an earlier step and a later one"),
    ('h = "h[t-1] + x"\nb = "b[t+1] + x"\no = "h[t-1] + b"', 'as in h_near = "h[t-1]"'),
    ('h = "h[t-1] + x"\nb = "b[t+1] + x"\no = "h[t+1] + b"', "h can be read at its own step only"),
    ('h = "h[t-1] + x[t-1]"\nb = "b[t+1] + x[t+1]"', "read with a lag in both directions"),
    ('h = "h[t-1] + x"', "[backward] b: the state has no equation"),
    ('h = "h[t-1] + x"\nb = "b[t+1] + q"', "unknown variable 'q'"),
    ('h = "h[t-1] + x"\nb = "b[t+1] + x"\nx = "h"', "x is declared in [inputs]"),
    ('h = "h[t-1] + x"\nb = "b[t+1] +"', "[equations] b, column 8: syntax error"),
])
def test_what_is_refused(equations: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_text(HEAD + equations, "mine.toml", "mine")
    assert str(caught.value).startswith("mine.toml: ") and said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [
    ('[backward]\n[equations]\nh = "x"', "[backward]: expected a state that runs from the last step to the first"),
    ('backward = 3', "[backward]: expected a section"),
    ('[backward]\nb = 3', "[backward] b: expected a string, not an integer"),
    ('[states]\nb = "H"\n[backward]\nb = "H"\n[equations]\nb = "b[t+1]"', "b is declared twice"),
    (HEAD + 'h = "h[t-1] + x"\nb = "b[t+1] + x"\n[symbols]\nq = {latex = "q"}', "unknown variable 'q'"),
    (HEAD + 'h = "h[t-1] + x"\nb = "b[t+1] + x"\n[initial]\nb = "k"', "[initial] b: unknown parameter 'k'"),
    (HEAD + 'h = "h[t-1] + x"\nb = "b[t+1] + x"\n[loss]\nstep = "b"', "the loss of a step is a scalar"),
    (HEAD + 'h = "h[t-1] + x"\nb = "b[t+1] + h"\n[loss]\nstep = "sum(h * b[t+1])"',
     "[loss] step, column 9: b[t+1] is no value of the same step, and b is computed before"),
])
def test_what_is_refused_of_other_sections(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_text(text, "mine.toml", "mine")
    assert said in str(caught.value)


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_the_loss_alone_may_read_both_directions(backend: str) -> None:
    chain = from_text(HEAD + 'h = "h[t-1] + x"\nb = "b[t+1] + x"\n[loss]\nstep = "sum(h * b)"', "mine.toml", "mine")
    assert [part.model.equations[0].target.name for part in chain.parts] == ["h", "b", "h_handed"]
    assert "def value_and_grad" in source(chain, backend).text


def test_one_recurrence_is_expected_elsewhere() -> None:
    with pytest.raises(BadInput, match="a model with two directions or phases"):
        symbptt.load("birnn")


def test_changes_are_written_into_the_file() -> None:
    chain = load("birnn", activation="relu", freeze=True)
    assert 'activation = "relu"' in chain.text and "freeze = true" in chain.text and '[backward]\nb = "H"' in chain.text
    assert from_text(chain.text, "again", "birnn").parts == chain.parts
    with pytest.raises(BadInput, match="--layers"):
        load("birnn", layers=2)
