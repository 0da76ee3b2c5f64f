"""Words of every language: the same keys, the same slots, and a clear error for what is missing."""

import pytest

from symbptt.errors import UnknownName
from symbptt.narrative import voice
from symbptt.narrative.voice import Voice
from symbptt.typeset.tree import Row, Tree


@pytest.mark.parametrize("language", voice.languages())
def test_every_language_has_the_keys_and_slots_of_english(language):
    english, other = voice.table("en"), voice.table(language)
    assert english.keys() == other.keys()
    assert {k: voice.slots(v) for k, v in english.items()} == {k: voice.slots(v) for k, v in other.items()}
    assert all(text.strip() for text in other.values())


def test_a_missing_language_or_key_is_named():
    with pytest.raises(UnknownName, match="language 'fr'"):
        Voice("fr")
    with pytest.raises(UnknownName, match="heading"):
        Voice().word("common.heading.cod")


def test_slots_take_words_formulas_and_prose(monkeypatch):
    monkeypatch.setitem(voice.table("en"), "test.line", "For `t = 1`, {what} is {value}.")
    said = Voice().say("test.line", what="this", value=(Row(()), " or more"))
    assert [part if isinstance(part, str) else "formula" for part in said] == [
        "For ", "formula", ", ", "this", " is ", "formula", " or more", ".",
    ]
    assert isinstance(said[1], Tree)
