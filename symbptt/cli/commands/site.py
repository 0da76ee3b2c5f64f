"""symbptt site: the page as static files, with the engine in the browser's tab."""

from pathlib import Path

import click

import symbptt
from symbptt.cli.options import force_option
from symbptt.cli.output import say
from symbptt.cli.progress import progress


@click.command()
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), required=True, metavar="FOLDER",
              help="Folder to write to (made if missing).")
@click.option("--pyodide", type=click.Path(path_type=Path), metavar="DIR",
              help="Copy Pyodide and NumPy's wheel for it from here, in place of loading them from their official distribution.")
@force_option
def site(folder: Path, pyodide: Path | None, force: bool) -> None:
    """Write the page as static files.

    Any host of files can offer them; what is typed stays in the tab of the browser, where Pyodide runs symbptt.
    """
    with progress("writing the page"):
        paths = symbptt.web.write_site(folder, pyodide, force)
    say(str(next(path for path in paths if path.suffix == ".html")))
