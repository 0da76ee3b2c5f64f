"""What folders of words say of the texts of shipped files, and what is told where they say nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from symbptt import resources, words
from symbptt.errors import UnknownName
from symbptt.model import read
from symbptt.typeset import notations

SPOKEN = [language for language in words.languages() if words.phrases(language)]
"""The languages that know the texts of models and notations."""


def texts(language: str) -> Iterator[tuple[str, bool]]:
    """The English texts of models and notations, each with whether its own file has it in the language."""
    for file in (*resources.models().values(), *resources.composed_models().values()):
        model = tomllib.loads(file.read_text(encoding="utf-8"))
        told = model.get("translations", {}).get(language, {})
        yield model["title"], "title" in told
        yield from ((note, "notes" in told) for note in model.get("notes", ()))
        for description in (symbol["description"] for symbol in model["symbols"].values() if "description" in symbol):
            yield description[words.FALLBACK], language in description
    for name in notations.names():
        notation = notations.load(name)
        for said in (dict(pairs) for pairs in (notation.source, notation.note) if pairs):
            yield said[words.FALLBACK], language in said


def test_there_are_languages_that_know_the_texts_of_shipped_files() -> None:
    assert SPOKEN == ["es"]


@pytest.mark.parametrize("language", SPOKEN)
def test_every_text_of_a_shipped_file_is_told_and_no_other(language: str) -> None:
    every, known = dict(texts(language)), words.phrases(language)
    assert [text for text, own in every.items() if not own and text not in known] == []
    assert set(known) - set(every) == set()
    for english, other in known.items():
        assert sorted(english.split("`")[1::2]) == sorted(other.split("`")[1::2]), english


@pytest.mark.parametrize("language", words.languages())
def test_formulas_between_backquotes_are_closed(language: str) -> None:
    assert not [key for key, text in words.table(language).items() if text.count("`") % 2]


def test_a_text_is_looked_for_in_the_file_then_in_the_folder_then_in_english() -> None:
    english = (("en", "hidden state"),)
    assert words.spoken((*english, ("es", "memoria")), "es") == "memoria"
    assert words.spoken(english, "es") == "estado oculto"
    assert words.spoken((("en", "what only I say"),), "es") == "what only I say"
    assert words.spoken((("fr", "état"),), "es") == "état" and words.spoken((), "es") == ""
    assert words.known(english) == (*english, ("es", "estado oculto"))


def test_a_stack_is_told_in_every_language_that_knows_its_cell() -> None:
    model = read.load("elman", layers=2)
    assert {told.language: told.title for told in model.translations} == {"es": "Red de Elman, 2 capas", "zh": "Elman 网络，2 层"}
    assert dict(model["W_xh_l2"].description)["es"] == "pesos de entrada, capa 2"


def test_a_model_of_which_no_language_knows_the_title_stacks_without_translations(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(read.load("elman").text.replace('"Elman network"', '"My network"').split("[translations")[0], encoding="utf-8")
    model = read.load(str(own), layers=2)
    assert model.title == "My network, 2 layers" and model.translations == ()


def test_a_language_without_a_folder_is_refused() -> None:
    with pytest.raises(UnknownName, match="en, es, zh"):
        words.table("fr")
