"""symbptt build: the gallery."""

import click

import symbptt
from symbptt.cli.output import say
from symbptt.cli.progress import progress


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not what the sources make of it.")
def build(check: bool) -> None:
    """Rebuild the gallery in generated/ (in a checkout)."""
    with progress("checking the gallery" if check else "building the gallery"):
        changed = symbptt.gallery.build(check=check)
    say("\n".join(str(path) for path in changed) if changed else "generated/ is up to date")
