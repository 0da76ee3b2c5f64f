"""symbptt read: a model file from somebody's step function."""

from pathlib import Path

import click

import symbptt
from symbptt.cli.options import force_option, output_option
from symbptt.cli.output import say
from symbptt.errors import BadInput
from symbptt.files import reason, write


@click.command("read")
@click.argument("code", metavar="FILE.py[:FUNCTION]")
@output_option
@force_option
def read_step(code: str, output: Path | None, force: bool) -> None:
    """Write the model file of a step function.

    The function, of NumPy, JAX or PyTorch, is parsed and never executed: arguments such as x and h_prev become inputs and
    states, all else parameters, each with its own name. What the model language cannot say is refused with the line.
    """
    file, _, function = code.partition(".py:")
    path = Path(f"{file}.py" if function else code)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {reason(error)}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: is not UTF-8") from None
    made = symbptt.read_code(text, str(path), function)
    if output is None:
        say(made)
    else:
        say(str(write(output, made, force=force)))
