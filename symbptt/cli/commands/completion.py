"""symbptt completion: a shell's completion of words."""

import click
from click.shell_completion import get_completion_class

from symbptt.cli.output import say
from symbptt.errors import BadInput

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    To use it at once in bash: eval "$(symbptt completion bash)"
    """
    script = get_completion_class(shell)
    if script is None:
        raise BadInput(f"completion: {shell} is not supported by the installed version of click")
    say(script(context.find_root().command, {}, "symbptt", "_SYMBPTT_COMPLETE").source())
