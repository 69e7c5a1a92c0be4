"""The command `zoo`: each command is one file of this folder; here they are collected, and errors become sentences."""

import importlib
import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

import zoo
from zoo._system.durable import why_not_written
from zoo._system.stderr import silence_at_exit
from zoo.cli._output import no_colour, speak_any_encoding
from zoo.errors import InputError, ZooError

# In the order of `zoo --help`: from a name to a model, a run, a bundle, a device.  A file is called as its command is
# (but `list_`: `list` is a builtin); one that has commands of its own defines `app`.
COMMANDS = (
    "list",
    "show",
    "train",
    "evaluate",
    "export",
    "verify",
    "card",
    "predict",
    "samples",
    "bench",
    "data",
    "demo",
    "facts",
)

app = typer.Typer(
    name="zoo",
    help="CNNs, RNNs and their hybrids for devices: load by name, train by recipe, deploy as measured files.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"zoo {zoo.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version, and end.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the trace of an error that is the user's to mend.")
    ] = False,
) -> None:
    """Read before every command; `main` looks at `--debug` itself, since it also covers errors of parsing."""


def register() -> None:
    """Adds every command.  Their files import nothing heavy at the top: all of them together cost milliseconds."""
    for name in COMMANDS:
        module = importlib.import_module(f"zoo.cli.{name}_" if name == "list" else f"zoo.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, f"{name}_" if name == "list" else name))


def main() -> None:
    """Runs a command; exits 0, 1 (a fault of ours, with its trace), 2 (the user's mistake) or 3 (a gate not met)."""
    quieten()
    clean_up_when_ended()
    register()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # what cannot be written is found here, not when Python has ended
    except ZooError as error:
        if "--debug" in sys.argv:
            raise
        end(error)
    except BrokenPipeError:  # `zoo list | head`
        _stop_printing()
        sys.exit(1)
    except Exception as error:
        if "--debug" in sys.argv or (reason := why_not_written(error)) is None:
            raise
        where = error.filename if isinstance(error, OSError) else None
        what = f"`{where}` cannot be written" if where else "nothing more can be written"
        _stop_printing()
        end(InputError(f"{what}: {reason}", "make room on the disk, and give the command again"))


def end(error: ZooError) -> NoReturn:
    """Says what is wrong and, after an empty line, what to do about it; exits."""
    colour = False if no_colour() else None
    typer.echo(typer.style(f"error: {error.message}", fg="red"), err=True, color=colour)
    if error.hint:
        print(f"\nhint: {error.hint}", file=sys.stderr)
    sys.exit(error.exit_code)


def _stop_printing() -> None:
    """Nothing more is written to a standard output that takes nothing; Python would say so a second time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clean_up_when_ended() -> None:
    """SIGTERM, and the hang-up of a terminal, end a command as Ctrl-C does: temporary folders are removed first."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # `nohup` has it ignored
            signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def quieten() -> None:
    """Keeps from the user what TensorFlow and LiteRT say of absent accelerators, and colours that are not wanted."""
    silence_at_exit()
    speak_any_encoding()
    if no_colour():
        import typer.rich_utils

        typer.rich_utils.COLOR_SYSTEM = None  # help and errors of usage; rich itself would keep bold and dim
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
