"""The command that emits a file, for the comment in it."""

from symbptt.model.values import Model


def command(
    model: Model, T: int | None, unroll: bool, wrt: tuple[str, ...] | str | None, backend: str = "", chunk: int | None = None
) -> str:
    """The command up to the options of a style or a target; T and the chunk where they are asked for."""
    names = wrt if isinstance(wrt, str) or wrt is None else ",".join(wrt)
    changes = f" {model.options}" if model.options else ""
    changes += f" --backend {backend}" if backend else ""
    steps = f" -T {T}" + " --unroll" * unroll if T is not None else ""
    steps += f" --chunk {chunk}" if chunk is not None else ""
    return f"symbptt emit {model.name}{changes}{steps}" + (f" --wrt {names}" if names else "")


def choices(style: str | None, without: tuple[str, ...]) -> str:
    """What of the style was asked for, as options."""
    return (f" --style {style}" if style else "") + "".join(f" --without {name}" for name in without)
