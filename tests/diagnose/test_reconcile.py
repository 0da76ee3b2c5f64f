"""One explanation for all gradients: mistakes that are certain can all have been made, those that exclude each other are open."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from symbptt.diagnose import reconcile
from symbptt.diagnose.case import Case, case, given
from symbptt.diagnose.hypotheses import mutants
from symbptt.diagnose.match import Matcher
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.search import Problem, Singles

from . import corpus
from .conftest import Arrays, Bench

Make = Callable[..., Bench]
ROUNDS = 2


def singles(known: Case, every: list[Mutant], theirs: Arrays) -> Singles:
    compared, _ = given(known, theirs, {})
    return Singles.of(Problem(known, Matcher.of(compared, known.right)), every)


def together(mutants: list[Mutant]) -> Mutant:
    first = mutants[0]
    for mutant in mutants[1:]:
        first = mutant.after(first)
    return first


@pytest.mark.slow
def test_mistakes_in_different_places_are_all_certain(bench: Make) -> None:
    made = bench("lstm", T=3)
    gone = {c.subject: m for m in made.named("not-computed") for c in m.causes}
    apart = [made.named("carry-dropped")[0], gone["b_o"], *made.named("sign-flipped")[:1]]
    theirs = made.wrong(together(apart))
    found = made.diagnose(theirs)
    wrong = [f for f in found.findings if not f.right]
    assert all(f.certain for f in wrong), str(found)
    assert {"carry-dropped", "not-computed"} <= set(found.causes) and found["b_o"].causes == ("not-computed",)


@pytest.mark.slow
def test_causes_that_exclude_each_other_are_never_both_certain(bench: Make) -> None:
    made = bench("elman")
    missing = next(m for m in made.named("slope-missing") if m.causes[0].subject == "a")
    turned = next(m for m in made.named("transpose-missing") if m.causes[0].state)
    theirs = {**made.right, "W_xh": made.wrong(missing)["W_xh"], "W_hh": made.wrong(turned)["W_hh"]}
    found = made.diagnose(theirs)
    assert found["b_h"].right and found["W_ho"].right
    assert not found["W_xh"].certain and not found["W_hh"].certain, str(found)
    assert "slope-missing" in found["W_xh"].causes and "transpose-missing" in found["W_hh"].causes
    assert "but then others would not be what they are" in " ".join(str(found).split())


@pytest.mark.slow
def test_a_mistake_in_the_computation_of_one_gradient_is_certain(bench: Make) -> None:
    made = bench("elman")
    theirs = {**made.right, "W_hh": made.wrong(made.named("truncated")[1])["W_hh"]}
    found = made.diagnose(theirs)
    assert found["W_hh"].certain and "truncated" in found["W_hh"].causes
    assert all(f.right for f in found.findings if f.gradient != "W_hh")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("seed", range(6))
def test_what_is_certain_can_all_have_been_made(bench: Make, seed: int) -> None:
    """Gradients of two passes with a mistake each, mixed: the first hypotheses of all gradients agree with each other."""
    made, drawn = bench("elman" if seed % 2 else "gru", T=3), Random(seed)
    passes = [made.right, *(made.wrong(drawn.choice(made.mutants)) for _ in range(2))]
    theirs = {name: drawn.choice(passes)[name] for name in made.right}
    check(singles(made.case, made.mutants, theirs))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", corpus.MODELS)
def test_what_is_certain_of_mistakes_in_code_can_all_have_been_made(name: str) -> None:
    """Gradients of emitted modules with mistakes of three kinds, mixed or made together."""
    text, drawn = corpus.source(name), Random(name)
    made = [*corpus.mistakes(name, text)]
    at = corpus.data(name, corpus.SIZES[0], 3)
    known = case(corpus.load(name), **corpus.arguments(at))
    every = mutants(known.backward, known.point)
    for _ in range(ROUNDS):
        wrong = [g for m in drawn.sample(made, 3) if (t := m.made_in(text)) and (g := corpus.gradients(t, at)) is not None]
        if wrong:
            check(singles(known, every, {name: drawn.choice(wrong)[name] for name in wrong[0]}))


def check(all_of: Singles) -> None:
    """What is certain of all gradients holds at once."""
    found = reconcile.explained(all_of)
    matcher, names = all_of.problem.matcher, [g.name for g in all_of.problem.matcher.givens]
    assert not set(found.certain) & set(found.alone)
    shared = {n: hs[0] for n, hs in found.certain.items() if len(hs[0].gradients) > 1}
    single = {n: hs[0] for n, hs in found.certain.items() if n not in shared}
    assert len({h.mutants for h in shared.values()}) <= 1, "one explanation for all of them"
    every = [m for h in (*shared.values(), *single.values()) for m in h.mutants]
    for hypotheses, applied in ((shared, [m for h in shared.values() for m in h.mutants]), (single, every)):
        if hypotheses:
            equal = matcher.equal(all_of.problem.vector(together(list(dict.fromkeys(applied)))))
            assert all(equal[names.index(name)] for name in hypotheses)
    assert all(not h.gradients for hs in found.alone.values() for h in hs)


@pytest.mark.slow
def test_guesses_explain_most_of_the_difference_or_are_not_told(bench: Make) -> None:
    made = bench("lstm")
    rng = np.random.default_rng(5)
    near = made.wrong(made.named("carry-dropped")[0])
    theirs = {name: g + 1e-3 * rng.standard_normal(g.shape) for name, g in near.items()}
    found = made.diagnose(theirs)
    told = [s for f in found.findings for s in f.suspects]
    assert told and all(not s.certain and s.share >= 0.9 for s in told)
    assert all(len({s.hypothesis for s in f.suspects}) <= 3 for f in found.findings)
    assert len({tuple(s.cause for s in f.suspects) for f in found.findings if f.suspects}) == 1, "one list for all gradients"
    noise = made.diagnose({name: g + rng.standard_normal(g.shape) for name, g in made.right.items()})
    assert not noise.causes and all(not f.differing for f in noise.findings)
