"""The table of commands and flags. Parser, help and tests are made from it; nothing heavy is imported here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Flag:
    """One argument: its names (without a dash: positional), its one line of help, and argparse's other words for it."""

    names: tuple[str, ...]
    help: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Command:
    """One command: where its `main(arguments) -> int` lives, its line of help, its flags."""

    name: str
    module: str
    help: str
    flags: tuple[Flag, ...]


def _flag(*names: str, help: str, **options: Any) -> Flag:  # noqa: A002  argparse's own word
    return Flag(names, help, MappingProxyType(options))


_POLICY = _flag("--policy", help="policy by name, or a TOML file", metavar="NAME|FILE.toml", default="safe-harbor")
_DATES = _flag(
    "--dates",
    help="what becomes of dates, in place of what the policy says",
    choices=("year", "shift", "remove", "keep"),
)
_DESCRIPTORS = _flag(
    "--descriptors",
    help="what becomes of free text, in place of what the policy says",
    choices=("lexicon", "hunt", "remove"),
)
_KEY = _flag("--key", help="project key; same key, same pseudonyms (default: LEDGER/key, made when missing)", metavar="FILE")

RUN = Command(
    "run",
    "mediscan.cli.commands.run",
    "de-identify folders and files into DEST",
    (
        _flag("source", help="folders and files", metavar="SOURCE", nargs="+"),
        _flag("dest", help="output tree; must be absent or empty", metavar="DEST"),
        _POLICY,
        _DATES,
        _DESCRIPTORS,
        _KEY,
        _flag("--forget-key", help="destroy the key at the end", action="store_true"),
        _flag("--ledger", help="where the ledger goes (default: DEST.ledger)", metavar="DIR"),
        _flag(
            "--layout",
            help="patient/study/series/instance, the source's shape, or the first in names of eight characters",
            choices=("uid", "mirror", "media"),
            default="uid",
        ),
        _flag("--dicomdir", help="write a DICOMDIR for the output (with --layout media)", action="store_true"),
        _flag("--workers", help="processes (default: the cores available)", metavar="N", type=int),
        _flag("--engine", help="where batches run", choices=("local",), default="local"),
        _flag(
            "--pixels",
            help="detect holds images that may show burned-in text (no detector yet); off writes all pixels",
            choices=("detect", "off"),
            default="detect",
        ),
        _flag("--digest", help="digest of each output file", choices=("blake3", "sha256", "none"), default="blake3"),
        _flag("--digest-source", help="digest each input too", action="store_true"),
        _flag("--restart", help="forget an earlier run into the same DEST and start over", action="store_true"),
        _flag("--dry-run", help="do everything but write DICOM", action="store_true"),
        _flag(
            "--progress",
            help="live display, one line per interval, or nothing",
            choices=("auto", "plain", "off"),
            default="auto",
        ),
        _flag("--json", help="print a summary for machines on stdout", action="store_true"),
    ),
)

EXPLAIN = Command(
    "explain",
    "mediscan.cli.commands.explain",
    "element by element: what happens to it, by which rule, and why",
    (
        _flag("file", help="one DICOM file", metavar="FILE"),
        _POLICY,
        _DATES,
        _DESCRIPTORS,
        _flag("--changed", help="only what does not stay as it is", action="store_true"),
        _flag("--json", help="one JSON object per element on stdout", action="store_true"),
        _flag("--show-phi", help="show old and new values; new ones under a throw-away key", action="store_true"),
    ),
)

POLICY = Command(
    "policy",
    "mediscan.cli.commands.policy",
    "policies: list them, show what one does, check a file",
    (
        _flag("verb", help="list, show or check", choices=("list", "show", "check"), metavar="list|show|check"),
        _flag("name", help="policy to show (default: safe-harbor) or check", metavar="NAME|FILE.toml", nargs="?"),
        _flag("--format", help="how show prints the table", choices=("rich", "csv", "json", "md"), default="rich"),
    ),
)

POLICY_IMPORT = Command(
    "policy import",
    "mediscan.cli.commands.policy_import",
    "turn a CTP script or a deid recipe into a policy and pixel regions",
    (
        _flag(
            "kind",
            help="CTP anonymizer script, CTP pixel script or filter, or deid recipe",
            choices=("ctp", "ctp-pixels", "deid"),
            metavar="ctp|ctp-pixels|deid",
        ),
        _flag("file", help="the script", metavar="FILE"),
        _flag("--output", "-o", help="file to be written (default: stdout)", metavar="OUT"),
    ),
)

KEY = Command(
    "key",
    "mediscan.cli.commands.key",
    "project keys",
    (
        _flag("verb", help="new: make a key of 32 random bytes, mode 0600", choices=("new",), metavar="new"),
        _flag("file", help="file to be made", metavar="FILE"),
    ),
)

DEMO = Command(
    "demo",
    "mediscan.cli.commands.demo",
    "de-identify the real DICOM files that come with pydicom",
    (
        _flag(
            "dir",
            help="where the demo writes (default: mediscan-demo)",
            metavar="DIR",
            nargs="?",
            default="mediscan-demo",
        ),
        _flag("--workers", help="processes (default: the cores available)", metavar="N", type=int),
    ),
)

COMMANDS: Sequence[Command] = (RUN, EXPLAIN, POLICY, POLICY_IMPORT, KEY, DEMO)
