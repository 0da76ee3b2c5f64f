"""The words of the page by language."""

from functools import cache

from symbptt.words import languages, table

SUBJECT = "web."


@cache
def tables() -> dict[str, dict[str, str]]:
    """Language, key ("section.name"), text."""
    return {
        language: {key.removeprefix(SUBJECT): text for key, text in table(language).items() if key.startswith(SUBJECT)}
        for language in languages()
    }
