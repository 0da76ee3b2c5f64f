"""The command line: one command per stage, in the order of the pipe.

Importing this package imports no stage, and neither does `--help`; a command finds its stage through `symbptt` when it runs.
"""

import io
import signal
import sys
from collections.abc import Sequence

import click

from symbptt import __version__, collector
from symbptt.cli.commands.analyze import analyze
from symbptt.cli.commands.assignment import assignment
from symbptt.cli.commands.build import build
from symbptt.cli.commands.completion import completion
from symbptt.cli.commands.derive import derive
from symbptt.cli.commands.diagnose import diagnose
from symbptt.cli.commands.document import document
from symbptt.cli.commands.emit import emit
from symbptt.cli.commands.fuzz import fuzz
from symbptt.cli.commands.grade import grade
from symbptt.cli.commands.init import init
from symbptt.cli.commands.mcp import mcp
from symbptt.cli.commands.models import list_models, show, unroll
from symbptt.cli.commands.quiz import quiz
from symbptt.cli.commands.read import read_step
from symbptt.cli.commands.reference import reference
from symbptt.cli.commands.serve import serve
from symbptt.cli.commands.site import site
from symbptt.cli.commands.verify import verify
from symbptt.errors import SymbpttError, UnknownName
from symbptt.files import reason
from symbptt.guard.text import escaped

_COMMANDS = (
    list_models, show, read_step, init, unroll, derive, document, emit, analyze, verify, diagnose,
    assignment, grade, quiz, reference, fuzz, serve, site, mcp, build, completion,
)
_BAD_INPUT = 2
_INTERRUPTED = 130


class _Pipe(click.Group):
    """A group that keeps the order of its commands and suggests the nearest one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise UnknownName("command", args[0], self.commands)
        return super().resolve_command(ctx, args)


@click.group("symbptt", cls=_Pipe, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-q", "--quiet", is_flag=True, help="Print results and errors only: no notes, no progress.")
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, quiet: bool) -> None:
    """Backpropagation through time, derived once and exactly.

    MODEL is the name of a built-in model (symbptt list) or the path of a model file (.toml).
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in _COMMANDS:
    cli.add_command(_command)


def _prepare_streams() -> None:
    """Let a closed pipe end the process quietly, and print mathematics whatever the locale: UTF-8 wherever no person looks on."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _complain(message: str, code: int) -> int:
    click.echo(escaped(f"symbptt: {message}"), err=True)
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 ok, 1 disagreement or stale, 2 bad input."""
    if arguments is None:
        _prepare_streams()
        collector.rarely()
    try:
        code = cli.main(arguments, prog_name="symbptt", standalone_mode=False)
    except SymbpttError as error:
        return _complain(str(error), error.exit_code)
    except click.Abort:
        return _complain("interrupted", _INTERRUPTED)
    except click.ClickException as error:
        return _complain(error.format_message(), _BAD_INPUT)
    except MemoryError:
        return _complain("out of memory; smaller sizes, fewer steps or fewer samples need less", _BAD_INPUT)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _complain(place + reason(error), _BAD_INPUT)
    return code if isinstance(code, int) else 0
