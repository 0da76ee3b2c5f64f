"""symbptt document: derivations, handouts, slides and summaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import symbptt
from symbptt.cli.composed import read_any
from symbptt.cli.options import (
    CHANGES,
    Names,
    chunk_option,
    force_option,
    sources_options,
    steps_option,
    writing_options,
    wrt_option,
)
from symbptt.cli.output import note, say
from symbptt.cli.progress import progress
from symbptt.errors import BadInput


@click.command()
@sources_options
@steps_option()
@click.option("--kind", default="derivation", show_default=True, metavar="KIND",
              help="What the document is: derivation, handout, summary, slides, or compare (two MODELs).")
@click.option("--version", default="teacher", show_default=True, metavar="VERSION",
              help="Exercises with their solutions (teacher), or with room to write (student).")
@click.option("--length", default="short", show_default=True, metavar="LENGTH",
              help="A handout for a lesson (short), or with every term, check and table (full).")
@click.option("--without-derivation", is_flag=True, help="Of a handout only what answers no exercise: a sheet to fill in.")
@click.option("--variants", type=int, default=0, metavar="NUMBER",
              help="So many student versions with exercises of their own, and a key with all solutions.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="NUMBER", help="Seed of the exercises.")
@writing_options
@click.option("--title", default="", metavar="TEXT", help="Title in place of the model's.")
@click.option("--author", default="", metavar="TEXT", help="Who hands it out.")
@click.option("--course", default="", metavar="TEXT", help="The course it belongs to.")
@wrt_option("Variables to derive by, separated by commas; default all parameters, in a derivation inputs and initial states too.")
@click.option("--format", "layout", type=click.Choice(["tex", "html", "pdf", "md", "myst", "qmd", "ipynb", "bib"]), multiple=True,
              show_default="tex and html, or that of the file of -o", help="What to write; may be repeated.")
@click.option("--templates", type=click.Path(path_type=Path), metavar="DIR",
              help="Folder of templates that stand before those of the package, block by block.")
@click.option("--prose", type=click.Path(path_type=Path), metavar="FILE.toml",
              help="Words, paragraphs and exercises of your own; see docs/documents.md.")
@click.option("--with-analysis", "whole", is_flag=True,
              help="Add the measured flow of the gradient: tables and figures of `symbptt analyze`.")
@click.option("--analysis", default="", metavar="PARTS",
              help="Add some of it: terms, shares, window, distance, spectra, units, separated by commas.")
@chunk_option("About the chunk form of an affine recurrence: T steps of so many tokens, with the picture of its tiles.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path(), metavar="DIR or FILE",
              help="Folder to write to (made if missing), or one file, such as handout.pdf; default the current folder.")
@force_option
def document(
    sources: tuple[str, ...], steps: int, wrt: Names, layout: tuple[str, ...], output: Path, force: bool,
    orientation: str | None, whole: bool, analysis: str, **options: Any,
) -> None:
    """Write a document, one self-contained file per format."""
    if not sources:
        raise BadInput("document: give a MODEL; symbptt list shows the built-in ones")
    changes = {name: options.pop(name) for name in CHANGES}
    asked = symbptt.document.DocumentOptions(layout=orientation, analysis=analysis or "all" * whole, **options)
    models = [read_any(source, changes) for source in sources]
    with progress(f"writing a {asked.kind} of {', '.join(model.name for model in models)} over {steps} steps"):
        paths = symbptt.document.write(models, steps, output, formats=layout, wrt=wrt, force=force, options=asked)
    say("\n".join(str(path) for path in paths))
    if any(path.suffix == ".html" for path in paths) and not symbptt.draw.font.available():
        note(f"the page relies on installed fonts; with pip install '{symbptt.draw.font.EXTRA}' it brings its own")
