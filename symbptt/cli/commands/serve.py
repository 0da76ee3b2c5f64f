"""symbptt serve: the page in the browser, answered by this machine."""

import webbrowser

import click

import symbptt
from symbptt.cli.output import note, say


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8021, show_default=True, metavar="NUMBER",
              help="The port; 0 for one that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="The address to serve at; with another than this, others in the network reach the page.")
@click.option("--no-browser", is_flag=True, help="Do not open the page in the browser.")
def serve(port: int, host: str, no_browser: bool) -> None:
    """Serve a page: write a model, see its derivation, find a bug.

    The address that is printed has a token, without which nothing is answered: the page runs code that is pasted into it, behind
    the guard of `symbptt diagnose`. Ctrl-C ends it.
    """

    def ready(address: str) -> None:
        say(address)
        note("Ctrl-C ends the server")
        if not no_browser:
            webbrowser.open(address)

    symbptt.web.serve(host, port, ready)
