"""The template engine: strings come in finished, so nothing is escaped here and an unknown name is an error."""

from __future__ import annotations

from functools import cache

import jinja2

from symbptt import resources


def _source(name: str) -> str:
    return resources.templates().joinpath(*name.split("/")).read_text(encoding="utf-8")


@cache
def environment() -> jinja2.Environment:
    """Delimiters << >>, <% %> and <# #>: they collide neither with TeX and TikZ nor with CSS."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_source), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False, block_start_string="<%", block_end_string="%>",
        variable_start_string="<<", variable_end_string=">>", comment_start_string="<#", comment_end_string="#>",
    )
