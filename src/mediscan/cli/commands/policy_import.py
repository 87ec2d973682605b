"""`mediscan policy import ctp|ctp-pixels|deid FILE`: rules from elsewhere, and line by line what they could not become."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mediscan.errors import DestinationError, ScriptError, UsageError
from mediscan.interop import ctp, ctp_pixels, deid, remarks
from mediscan.interop.remarks import Imported

_CONVERT: Mapping[str, Callable[[str, str], Imported]] = MappingProxyType(
    {"ctp": ctp.convert, "ctp-pixels": ctp_pixels.convert, "deid": deid.convert}
)
_SUFFIX, _REGIONS_SUFFIX = ".toml", ".regions.toml"


def main(arguments: Namespace) -> int:
    """Convert one script; exit status 1 says that something of it could not be said."""
    imported = _CONVERT[arguments.kind](_read(arguments.file), os.path.basename(arguments.file))
    outputs = _outputs(imported, arguments.output)
    if arguments.output is None:
        sys.stdout.writelines(outputs.values())
    else:
        _write(outputs)
    _tell(imported, [] if arguments.output is None else list(outputs))
    return 0 if imported.complete else 1


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(4 * remarks.LONGEST_SCRIPT + 1)
    except OSError:
        raise ScriptError("the script cannot be read") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScriptError("the script is not UTF-8 text") from None


def _outputs(imported: Imported, output: str | None) -> dict[str, str]:
    """Path and text of each file; both kinds at once need a name to tell them apart by."""
    policy, regions = imported.policy, imported.regions
    if policy is None or regions is None:
        return {output or "": policy or regions or ""}
    if output is None:
        raise UsageError("the recipe becomes two files, a policy and pixel regions: name the first with -o OUT.toml")
    return {output: policy, output.removesuffix(_SUFFIX) + _REGIONS_SUFFIX: regions}


def _write(outputs: Mapping[str, str]) -> None:
    if any(map(os.path.lexists, outputs)):
        raise DestinationError("the output is there already; nothing is overwritten")
    for path, text in outputs.items():
        try:
            with open(path, "x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError:
            raise DestinationError("the output cannot be written") from None


def _tell(imported: Imported, written: list[str]) -> None:
    for line in remarks.lines(imported.remarks):
        print(line, file=sys.stderr)
    whole, partly, lost = imported.counts
    print(f"{imported.statements} statements: {whole} taken whole, {partly} in part, {lost} not", file=sys.stderr)
    for path in written:
        print(f"written: {path}", file=sys.stderr)
