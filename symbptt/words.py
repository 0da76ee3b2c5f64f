"""What the package says in words: a language is a folder of tables, `templates/words/<language>/<subject>.toml`.

Every language has the same keys with the same slots, {name}. Texts of model files and notations come with translations of their
own, or those of shipped files from the folder's `phrases.toml`, by the English text; what is in neither is told in English.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache

from symbptt import resources
from symbptt.errors import UnknownName

Pairs = tuple[tuple[str, str], ...]
"""A text by language, as (language, text)."""
FALLBACK = "en"
"""The language of texts that have no translation."""
SLOT = re.compile(r"\{([A-Za-z_]+)\}")
_PHRASES = "phrases"


languages = resources.languages


@cache
def _tables(language: str) -> dict[str, dict[str, object]]:
    """The tables of a language by subject. Raises UnknownName for a language without tables."""
    if language not in languages():
        raise UnknownName("language", language, languages())
    files = (file for file in (resources.templates() / "words" / language).iterdir() if file.name.endswith(".toml"))
    return {file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8")) for file in files}


def _flat(prefix: str, branch: dict[str, object]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in branch.items():
        name = f"{prefix}.{key}"
        flat |= _flat(name, value) if isinstance(value, dict) else {name: str(value)}
    return flat


@cache
def table(language: str) -> dict[str, str]:
    """Every text of a language by its key, "subject.section.name". Raises UnknownName for a language without tables."""
    found: dict[str, str] = {}
    for subject, branch in _tables(language).items():
        if subject != _PHRASES:
            found |= _flat(subject, branch)
    return found


@cache
def phrases(language: str) -> Mapping[str, str]:
    """What the texts of shipped model files and notations are in a language, by the English text."""
    return {english: str(text) for english, text in _tables(language).get(_PHRASES, {}).items()}


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with words in its slots."""
    return SLOT.sub(lambda match: values[match[1]], text)


def phrase(english: str, language: str) -> str:
    """A text of a shipped file in a language, empty if the folder does not have it."""
    return phrases(language).get(english, "")


def spoken(texts: Iterable[tuple[str, str]], language: str) -> str:
    """Of a text by language the one in this language, else the folder's, else in English, else any; empty if there is none."""
    known = dict(texts)
    english = known.get(FALLBACK, "")
    return known.get(language) or phrase(english, language) or english or next(iter(known.values()), "")


def known(texts: Pairs) -> Pairs:
    """A text by language, with the translations that folders have."""
    said, english = {language for language, _ in texts}, dict(texts).get(FALLBACK, "")
    return (*texts, *((lang, phrase(english, lang)) for lang in languages() if lang not in said and phrase(english, lang)))


def everywhere(key: str, **values: str) -> Pairs:
    """A text of the tables in every language, its slots filled."""
    return tuple((language, filled(table(language)[key], values)) for language in languages())
