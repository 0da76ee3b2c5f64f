"""Words of every language: the same keys, the same slots, and a clear error for what is missing."""

import re
from dataclasses import replace

import pytest

from symbptt import narrative, typeset, words
from symbptt.derive.rules import RULE_NAMES
from symbptt.errors import UnknownName
from symbptt.model.read import load
from symbptt.narrative import presentation
from symbptt.narrative.inline import math, plain
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.tree import Row, Tree


@pytest.mark.parametrize("language", words.languages())
def test_every_language_has_the_keys_and_slots_of_english(language):
    english, other = words.table("en"), words.table(language)
    assert english.keys() == other.keys()
    assert {k: presentation.slots(v) for k, v in english.items()} == {k: presentation.slots(v) for k, v in other.items()}
    assert all(text.strip() for text in other.values())


def test_a_missing_language_or_key_is_named():
    with pytest.raises(UnknownName, match="language 'fr'"):
        Presentation("fr")
    with pytest.raises(UnknownName, match="heading"):
        Presentation().text("common.heading.cod")


def test_slots_take_words_formulas_and_prose(monkeypatch):
    monkeypatch.setitem(words.table("en"), "test.line", "For `t = 1`, {what} is {value}.")
    said = Presentation().prose("test.line", what="this", value=(Row(()), " or more"))
    assert [part if isinstance(part, str) else "formula" for part in said] == [
        "For ", "formula", ", ", "this", " is ", "formula", " or more", ".",
    ]
    assert isinstance(said[1], Tree)


def test_inside_backquotes_a_slot_is_part_of_the_formula():
    said = Presentation().prose("derivation.substituted.in_full", t="3", k="1")
    assert [part if isinstance(part, str) else typeset.text(part) for part in said] == ["The term ", "(3, 1)", " in full:"]
    assert Presentation().plain("derivation.substituted.in_full", t="3", k="1") == "The term (3, 1) in full:"


def test_a_description_in_another_language_is_better_than_none():
    both = (("en", "state"), ("zh", "状态"))
    assert (Presentation().own(both), Presentation("zh").own(both)) == ("state", "状态")
    assert (Presentation("zh").own(both[:1]), Presentation().own(())) == ("state", "")


def _told(language, name):
    """Every text of the derivation of a model: (where, words)."""
    told = narrative.derivation(load(name), 2, "all", Presentation(language))
    for section in told.sections:
        yield "heading", section.heading
        for prose in section.intro:
            yield "intro", plain(prose, lambda tree: "x")
        for step in section.steps:
            yield "rule", plain(step.rule, lambda tree: "x")
            yield "claim", plain(step.claim, lambda tree: "x")


@pytest.mark.parametrize("name", ["elman", "lstm", "jordan", "deep_feedforward_batch_norm", "deep_feedforward"])
def test_a_chinese_derivation_has_no_english_words(name):
    model = load(name)
    known = {v.name for v in model.variables} | {"softmax", "log", "sum", "exp"}  # names, and functions by their names
    authors = {"Pascanu", "Mikolov", "Bengio", "Werbos", "Williams", "Zipser", "Frobenius", "RTRL"}
    for where, text in _told("zh", name):
        words = set(re.findall(r"[A-Za-z]{3,}", text)) - known - authors
        assert not words, (where, text)
        assert not re.search(r"[一-鿿][,;:!?()]|[,;:!?()][一-鿿]", text), f"half-width punctuation: {text}"


@pytest.mark.parametrize("language", words.languages())
def test_every_rule_has_a_name(language):
    for name in {*RULE_NAMES.values(), "copy", "scaling"}:
        assert Presentation(language).text(f"rules.name.{name}")


def test_the_title_of_a_model_is_translated():
    model = load("lstm", layers=2)
    assert Presentation("zh").title(model) == "长短期记忆网络（LSTM），2 层"
    assert Presentation().title(model) == "Long short-term memory (LSTM), 2 layers"
    assert [len(Presentation(language).notes(model)) for language in ("en", "zh")] == [2, 2]
    own = replace(model, translations=())
    assert Presentation("zh").title(own) == own.title and Presentation("zh").notes(own) == own.notes


@pytest.mark.parametrize("text, shown", [
    ("t = 1, …, T", "t = 1, …, T"), ("(t, k)", "(t, k)"), ("a = S(W_aa a + x)", "a = S(Wₐₐ a + x)"), ("∂⁺", "∂⁺"), ("Γ_u", "Γᵤ"),
    ("softmax(V S)", "softmax(V S)"), ("k ≤ t", "k ≤ t"),
])
def test_small_formulas(text, shown):
    assert typeset.text(math(text)) == shown


def test_a_decimal_in_running_text_is_one_number() -> None:
    assert typeset.text(math("ε = 0.00001")) == "ε = 0.00001"
    assert typeset.latex(math("−0.316209317")) in ("-0.316209317", "- 0.316209317")
