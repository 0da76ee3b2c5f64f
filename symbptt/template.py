"""The template engine: an unknown name is an error, and a template reaches nothing but the values that it is given."""

from functools import cache
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from symbptt import resources


def _source(name: str) -> str | None:
    file = resources.templates().joinpath(*name.split("/"))
    return file.read_text(encoding="utf-8") if file.is_file() else None


@cache
def _environment(overlay: Path | None, escapes: bool) -> jinja2.Environment:
    """Delimiters << >>, <% %> and <# #>: they collide neither with Python, TeX and TikZ nor with CSS and JavaScript."""
    package = jinja2.FunctionLoader(_source)
    loaders = [package] if overlay is None else [jinja2.FileSystemLoader(overlay), package]
    return SandboxedEnvironment(
        loader=jinja2.ChoiceLoader(loaders), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=escapes, block_start_string="<%", block_end_string="%>",
        variable_start_string="<<", variable_end_string=">>", comment_start_string="<#", comment_end_string="#>",
    )


def template(*names: str, overlay: Path | None = None, escapes: bool = False) -> jinja2.Template:
    """The first template that exists; those in the folder `overlay` stand before those of the package, under the same names.

    Strings come in finished, unless the template `escapes` them for HTML. Raises what Jinja raises.
    """
    return _environment(overlay, escapes).select_template(names)
