"""Nothing past the end of a source is read: the byte there lies on a page that kills the process which touches it."""

import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("guard_page.py")


def run(*arguments: str, paths: list[Path] | None = None) -> subprocess.CompletedProcess[str]:
    lines = "".join(f"{path}\n" for path in paths or [])
    command = [sys.executable, "-X", "faulthandler", str(PROGRAM), *arguments]
    return subprocess.run(command, input=lines, capture_output=True, text=True, timeout=240)


def test_the_guard_page_kills() -> None:
    assert run("overrun").returncode == -signal.SIGSEGV


def test_no_read_past_the_end_of_a_file_or_of_a_cut_file(small_files: list[Path]) -> None:
    done = run(paths=small_files)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100 * len(small_files)
