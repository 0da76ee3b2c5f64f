"""The template engine: strings come in finished, so nothing is escaped here and an unknown name is an error."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from symbptt import resources
from symbptt.errors import BadInput


def _source(name: str) -> str | None:
    file = resources.templates().joinpath(*name.split("/"))
    return file.read_text(encoding="utf-8") if file.is_file() else None


@cache
def environment(overlay: Path | None = None) -> jinja2.Environment:
    """Delimiters << >>, <% %> and <# #>: they collide neither with TeX and TikZ nor with CSS.

    Templates in the folder `overlay` stand before those of the package, under the same names.
    """
    package = jinja2.FunctionLoader(_source)
    loaders = [package] if overlay is None else [jinja2.FileSystemLoader(overlay), package]
    return SandboxedEnvironment(
        loader=jinja2.ChoiceLoader(loaders), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False, block_start_string="<%", block_end_string="%>",
        variable_start_string="<<", variable_end_string=">>", comment_start_string="<#", comment_end_string="#>",
    )


def filled(names: tuple[str, ...], values: dict[str, object], overlay: Path | None = None) -> str:
    """The first template that exists, filled in; raises BadInput, naming template and line, for one that cannot be."""
    name = names[0]
    try:
        template = environment(overlay).select_template(names)
        name = template.name or name
        return template.render(values)
    except jinja2.TemplateSyntaxError as error:
        raise BadInput(f"template {error.name or name}, line {error.lineno}: {error.message}") from error
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise BadInput(f"template {name}: {error}") from error
