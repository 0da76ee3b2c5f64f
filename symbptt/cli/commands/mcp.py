"""symbptt mcp: tools for editors and language models."""

import click

import symbptt


@click.command()
def mcp() -> None:
    """Serve tools to editors and language models.

    The Model Context Protocol on standard input and output: derive, check_formula, diagnose, verify, emit.
    """
    symbptt.mcp.server().run()
