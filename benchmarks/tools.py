"""The tools that are compared: how each is called on a tree, and whether it is here."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

PEER_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")

Argv = Callable[[str, str], list[str]]


class ToolMissingError(Exception):
    """A tool is not installed here; the message says what was looked for."""


@dataclass(frozen=True)
class Tool:
    """
    A tool that reads a tree and writes another.

    Attributes
    ----------
    argv : callable
        From source and target to the command; the target does not exist yet, its folder does and is the run's own.
    writes : bool
        Whether the target is to hold as many files as the source when it is done.
    reads_output : bool
        Whether it is to be run on mediscan's output rather than on its input.
    own : bool
        Whether it is ours: then it must work, or the whole comparison stops.
    """

    name: str
    version: str
    argv: Argv
    writes: bool = True
    reads_output: bool = False
    own: bool = False


DCMODIFY_EMPTY = """
0008,0050 0008,0090 0008,1048 0008,1050 0008,1060 0008,1070 0010,0021 0010,1000 0010,1040 0010,2000 0010,2110
0010,2160 0010,21b0 0010,4000 0020,4000 0032,1032 0032,1033 0040,0243 0040,0253 0040,0280
""".split()
DCMODIFY_REMOVE = """
0008,0092 0008,0096 0008,1072 0008,1110 0008,1111 0008,1140 0008,2112 0010,1002 0018,1000 0018,1200 0040,0241
0040,0242 0040,0244 0040,0245 0040,0275
""".split()
DCMODIFY_REPLACE = {
    "0010,0010": "ANONYMOUS",
    "0010,0020": "ANONYMOUS",
    "0010,0030": "19000101",
    "0008,0020": "20000101",
    "0008,0021": "20000101",
    "0008,0022": "20000101",
    "0008,0023": "20000101",
    "0008,0030": "000000",
    "0008,0080": "NOWHERE",
    "0008,0081": "NOWHERE",
    "0008,1010": "NOWHERE",
    "0008,1040": "NOWHERE",
    "0020,0010": "NONE",
    "0020,0052": "2.25.1",
}


def _version(argv: list[str]) -> str:
    """Return the first line that a command prints."""
    done = subprocess.run(argv, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    if done.returncode or not lines:
        raise ToolMissingError(f"{shlex.join(argv)} does not work here")
    return lines[0].replace("$Date$", "").strip(" $")


def _installed(program: str, *arguments: str) -> str:
    if not shutil.which(program):
        raise ToolMissingError(f"no {program} on PATH")
    return _version([program, *arguments])


def _own_version(base: list[str]) -> str:
    """Return mediscan's version; --version is no part of its contract, and a report says when there is none."""
    try:
        return _installed(*base, "--version")
    except ToolMissingError:
        return "unknown: no --version"


def copy() -> Tool:
    """Return what everything is measured against."""
    return Tool("cp -r", _installed("cp", "--version"), lambda source, target: ["cp", "-r", source, target], own=True)


def mediscan(command: str, key: str, *, workers: int = 1, digest: str = "none") -> Tool:
    """Return mediscan as `command` starts it, headers alone; its ledger goes beside the target."""
    base = shlex.split(command)
    options = ["--pixels", "off", *(() if digest == "default" else ("--digest", digest)), "--workers", str(workers)]

    def argv(source: str, target: str) -> list[str]:
        places = ["--key", key, "--ledger", target + ".ledger"]
        return [*base, "run", source, target, *options, *places, "--progress", "off"]

    marks = [f"{workers} workers"] * (workers > 1) + ["default digest"] * (digest == "default")
    return Tool(", ".join(["mediscan", *marks]), _own_version(base), argv, own=True)


def hashing() -> Tool:
    """Return a pass that reads and hashes mediscan's output and does nothing else."""
    script = os.path.join(PEER_FOLDER, "hash_tree.py")
    version = "blake3 " + _distribution(sys.executable, "blake3")
    return Tool("hash the output", version, lambda *trees: [sys.executable, script, *trees], False, True, True)


def gdcmanon(certificate: str) -> Tool:
    """Return GDCM's de-identifier (PS3.15 E.1.1), which encrypts what it replaces to a certificate."""
    version = _installed("gdcmanon", "--version")
    base = ["gdcmanon", "-e", "-c", certificate, "-r"]
    return Tool("gdcmanon -e", version, lambda source, target: [*base, "-i", source, "-o", target])


def dcmodify() -> Tool:
    """Return dcmodify with some 50 tags. It changes files where they lie, so a copy is part of its work."""
    edits = [f"-ea({tag})" for tag in DCMODIFY_REMOVE] + [f"-ma({tag})=" for tag in DCMODIFY_EMPTY]
    edits += [f"-ma({tag})={value}" for tag, value in DCMODIFY_REPLACE.items()]
    options = ["-q", "-nb", "-imt", "-ep", "-gin", "-gst", "-gse"]
    options += [part for edit in edits for part in (edit[:3], edit[3:])]
    script = 's="$1" t="$2"; shift 2; cp -r "$s" "$t" && find "$t" -type f -print0 | xargs -0 dcmodify "$@"'
    version = _installed("dcmodify", "--version")
    return Tool("cp, dcmodify", version, lambda source, target: ["sh", "-c", script, "sh", source, target, *options])


def _distribution(python: str, name: str) -> str:
    """Return the version of a Python distribution as an interpreter sees it."""
    program = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    done = subprocess.run([python, "-c", program, name], capture_output=True, text=True)
    if done.returncode:
        raise ToolMissingError(f"{python} has no {name}")
    return done.stdout.strip()


def python_peer(python: str, name: str, distribution: str, script: str) -> Tool:
    """Return a peer written in Python, run by a driver of ours."""
    path = os.path.join(PEER_FOLDER, script)
    version = f"{distribution} {_distribution(python, distribution)}"
    if distribution != "pydicom":
        version += f", pydicom {_distribution(python, 'pydicom')}"
    return Tool(name, version, lambda *trees: [python, path, *trees])


def peers(python: str, certificate: str) -> dict[str, Callable[[], Tool]]:
    """Return the peers by name; looking one up does not need it to be installed, calling it does."""
    return {
        "gdcmanon": lambda: gdcmanon(certificate),
        "dcmodify": dcmodify,
        "pydicom": lambda: python_peer(python, "pydicom script", "pydicom", "pydicom_script.py"),
        "dicom-anonymizer": lambda: python_peer(python, "dicom-anonymizer", "dicom-anonymizer", "dicom_anonymizer_run.py"),
        "dicognito": lambda: python_peer(python, "dicognito", "dicognito", "dicognito_run.py"),
        "deid": lambda: python_peer(python, "deid", "deid", "deid_run.py"),
    }


PEER_NAMES = tuple(peers("", ""))


def make_certificate(folder: str) -> str:
    """Write a throw-away certificate for gdcmanon and return its path."""
    certificate = os.path.join(folder, "certificate.pem")
    key = os.path.join(folder, "certificate-key.pem")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=benchmark"]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate


def make_key(command: str, folder: str) -> str:
    """Have mediscan write a fresh project key and return its path."""
    path = os.path.join(folder, "project.key")
    argv = [*shlex.split(command), "key", "new", path]
    if not shutil.which(argv[0]):
        raise ToolMissingError(f"no {argv[0]} on PATH; see --mediscan")
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise ToolMissingError(f"{shlex.join(argv)}: {done.stderr.strip()[-600:]}")
    return path
