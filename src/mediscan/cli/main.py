"""Entry point: parse, call the command, turn what goes wrong into one line on stderr and an exit status."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from mediscan.cli.flags import COMMANDS, Command
from mediscan.errors import MediscanError

EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; return the exit status of the contract."""
    arguments = make_parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
    command: Command = arguments.command
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy would start threads that nothing here uses
    try:
        return int(import_module(command.module).main(arguments))
    except MediscanError as error:
        print(f"mediscan: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("mediscan: interrupted; what is in the ledger is done, --restart starts over", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  a traceback may hold a value or a path: the kind alone is told
        print(f"mediscan: internal error ({type(error).__name__}{_where(error)})", file=sys.stderr)
        return MediscanError.exit_code


def _joined(argv: Sequence[str]) -> list[str]:
    """The command line with a command of several words, such as `policy import`, as one."""
    for command in COMMANDS:
        words = command.name.split()
        if len(words) > 1 and list(argv[: len(words)]) == words:
            return [command.name, *argv[len(words) :]]
    return list(argv)


def console() -> None:
    """Run as the script `mediscan`."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())


def _where(error: Exception) -> str:
    """Module and line of mediscan's own code where an error came up."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.startswith("mediscan."):
            found = f" in {name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def make_parser() -> argparse.ArgumentParser:
    """Parser with one sub-parser per command of the table."""
    parser = argparse.ArgumentParser(
        prog="mediscan",
        description="Bulk de-identification of DICOM files: default-deny, as fast as copying, with a ledger as proof.",
        epilog="Exit status: 0 all written; 1 some inputs quarantined or held; 2 bad usage; 3 could not finish;"
        " 130 interrupted.",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=_sentence(command.help))
        sub.set_defaults(command=command)
        for flag in command.flags:
            sub.add_argument(*flag.names, help=flag.help, **flag.options)
    return parser


class _Version(argparse.Action):
    """Print the version; it is looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"mediscan {version('mediscan')}")
        parser.exit()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
