"""What a figure must come with: the machine, the commit, the versions."""

import importlib.metadata
import os
import platform
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def _first(path: str, pattern: str) -> str:
    with open(path, encoding="utf-8") as file:
        found = re.search(pattern, file.read(), re.MULTILINE)
    return found[1].strip() if found else "unknown"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def cpu() -> str:
    """Return the processor's name."""
    return _first("/proc/cpuinfo", r"^model name\s*:(.*)$")


def name() -> str:
    """Return a short name for file names; not the host's, which may tell whose machine it is."""
    slug = re.sub(r"\(.*?\)|cpu|processor|@.*", " ", cpu().lower())
    return "-".join([*re.findall(r"[a-z0-9]+", slug), f"{cores()}c"])


def load() -> str:
    """Return the load averages: a figure measured beside other work should say so."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def filesystem(path: str) -> str:
    """Return the type of the file system that holds `path`."""
    with open("/proc/mounts", encoding="utf-8") as file:
        mounts = [line.split()[1:3] for line in file]
    path = os.path.realpath(path)
    holding = [mount for mount in mounts if os.path.commonpath([path, mount[0]]) == mount[0]]
    return max(holding, key=lambda mount: len(mount[0]))[1]


def commit() -> str:
    """Return the commit of this working tree, marked if anything in it has changed since."""
    head = _git("rev-parse", "--verify", "--short=12", "HEAD") or "no commit yet"
    return head + (" with changes" if _git("status", "--porcelain") else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", "-C", HERE, *arguments], capture_output=True, text=True).stdout.strip()


def facts(tmp: str) -> dict[str, str]:
    """Return everything above, by its label in a report."""
    memory = int(_first("/proc/meminfo", r"^MemTotal:\s*(\d+)")) // 2**20
    versions = (f"{package} {importlib.metadata.version(package)}" for package in ("pydicom", "numpy"))
    return {
        "machine": f"{cpu()}, {cores()} cores, {memory} GiB",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "files on": filesystem(tmp),
        "commit": commit(),
        "Python": f"{platform.python_version()}, {', '.join(versions)}",
    }
