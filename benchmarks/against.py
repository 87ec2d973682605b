"""Measure mediscan against `cp -r` and against its peers: whole processes, in turn, round after round.

Each round runs every tool once on one file and once on all of them, so that what disturbs the machine disturbs all
tools alike; ratios are taken within a round. See benchmarks/README.md.

    python benchmarks/against.py --kind ct:1000 --kind mr:5000 --peer gdcmanon --rounds 7
"""

import argparse
import contextlib
import datetime as dt
import hashlib
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import corpus
import machine
import tools
from measure import CommandError, Spread, Usage, run, significant
from tools import Tool, ToolMissingError

BASELINE = "cp -r"
RESULTS = os.path.join(machine.HERE, "results")


@dataclass(frozen=True)
class Sample:
    """One round of one tool: what one file took, what all took."""

    files: int
    one: Usage
    all: Usage

    def each(self, clock: str, net: bool) -> float:
        """Return milliseconds a file on a clock ("cpu" or "wall"), with or without start-up taken off."""
        whole, start = getattr(self.all, clock), getattr(self.one, clock)
        return 1000 * ((whole - start) / (self.files - 1) if net else whole / self.files)

    def start_up(self) -> float:
        """Return the milliseconds of CPU that one file took beyond its share."""
        return 1000 * self.one.cpu - self.each("cpu", net=True)


@dataclass(frozen=True)
class Result:
    """All rounds of one kind: tool name -> samples, one per round."""

    kind: str
    samples: dict[str, list[Sample]]

    def spread(self, name: str, clock: str, *, net: bool) -> Spread:
        """Return milliseconds a file."""
        return Spread.of(sample.each(clock, net) for sample in self.samples[name])

    def ratio(self, above: str, below: Iterable[str], clock: str, *, net: bool) -> Spread:
        """Return one tool's time over the summed time of others, round by round."""
        rounds = zip(self.samples[above], *(self.samples[name] for name in below), strict=True)
        return Spread.of(
            top.each(clock, net) / max(sum(sample.each(clock, net) for sample in rest), 1e-9) for top, *rest in rounds
        )


class Bench:
    """A folder on tmpfs with the data, and the runs made on it."""

    def __init__(self, folder: str, peer_files: int | None):
        self.folder = folder
        self.peer_files = peer_files
        self.notes: dict[str, None] = {}  # an ordered set: what went wrong, said once

    def data(self, kind: str, count: int) -> str:
        """Return the folder of the first `count` files of a kind, written on first use."""
        path = os.path.join(self.folder, f"{kind}-{count}")
        if not os.path.isdir(path):
            corpus.generate(kind, count, path)
        return path

    def files_for(self, tool: Tool, count: int) -> int:
        """Return how many files a tool is given: a peer may get fewer, its figures being per file."""
        return count if tool.own or self.peer_files is None else min(count, self.peer_files)

    @contextlib.contextmanager
    def _place(self) -> Iterator[str]:
        """Lend a folder for one run; it is removed outside the timed part."""
        folder = tempfile.mkdtemp(dir=self.folder, prefix="run-")
        try:
            yield os.path.join(folder, "out")
        finally:
            shutil.rmtree(folder)

    def once(self, tool: Tool, kind: str, count: int) -> Usage:
        """Run a tool on `count` files and look whether it wrote as many."""
        source = self._source(tool, kind, count)
        with self._place() as target:
            usage = run(tool.argv(source, target))
            written = count_files(target)
        if tool.writes and written != count:
            self._miscount(tool, f"{tool.name}: {written} files written of {count} {kind}")
        return usage

    def _miscount(self, tool: Tool, text: str) -> None:
        if tool.own:
            raise SystemExit(text)
        self.notes[text] = None

    def _source(self, tool: Tool, kind: str, count: int) -> str:
        return self.output(kind, count) if tool.reads_output else self.data(kind, count)

    def output(self, kind: str, count: int) -> str:
        """Return the folder that `keep_output` filled."""
        return os.path.join(self.folder, f"output-{kind}-{count}")

    def keep_output(self, tool: Tool, kind: str, counts: Iterable[int]) -> None:
        """Run a tool untimed and keep what it wrote, to be hashed."""
        for count in counts:
            run(tool.argv(self.data(kind, count), self.output(kind, count)))

    def warm_up(self, kind: str, running: list[Tool]) -> list[Tool]:
        """Run each tool once on one file; return those that can, note peers that cannot."""
        able = []
        for tool in running:
            try:
                self.once(tool, kind, 1)
                able.append(tool)
            except CommandError as failure:
                if tool.own:
                    raise
                self.notes[f"{tool.name} left out of {kind}: {failure}"] = None
        return able

    def measure(self, kind: str, count: int, running: list[Tool], rounds: int) -> Result:
        """Run all tools in turn, `rounds` times."""
        able = self.warm_up(kind, running)
        for tool in able:
            self._source(tool, kind, self.files_for(tool, count))  # written before the clock starts
        self.once(able[0], kind, count)  # the first run of a size pays for memory that later ones find mapped
        samples: dict[str, list[Sample]] = {tool.name: [] for tool in able}
        for number in range(rounds):
            print(f"{kind}: round {number + 1} of {rounds}, load {machine.load()}", file=sys.stderr, flush=True)
            for tool in able:
                files = self.files_for(tool, count)
                one, everything = self.once(tool, kind, 1), self.once(tool, kind, files)
                samples[tool.name].append(Sample(files, one, everything))
        return Result(kind, samples)

    def check_space(self, kinds: list[tuple[str, int]]) -> None:
        """Stop before a full tmpfs spoils the figures: the largest tree is there up to three times."""
        largest = max(tree_bytes(self.data(kind, count)) for kind, count in kinds)
        free = shutil.disk_usage(self.folder).free
        if free < 2.2 * largest:
            raise SystemExit(f"{self.folder}: {free >> 20} MiB free, {int(2.2 * largest) >> 20} needed")


def count_files(folder: str) -> int:
    """Return the number of files below a folder that may be missing."""
    return sum(len(names) for _, _, names in os.walk(folder))


def tree_bytes(folder: str) -> int:
    """Return the bytes of the files below a folder."""
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)


Table = list[list[str]]


def figures(result: Result) -> Table:
    """Return a row per tool: CPU and wall clock a file, and CPU beside the copy's of the same round."""
    head = ["tool", "files", "start-up ms", "raw ms/file", "x cp raw", "ms/file", "x cp", "wall ms/file"]
    return [head, *(_figures_row(result, name) for name in result.samples)]


def _figures_row(result: Result, name: str) -> list[str]:
    samples = result.samples[name]
    return [
        name,
        str(samples[0].files),
        significant(Spread.of(sample.start_up() for sample in samples).median),
        significant(result.spread(name, "cpu", net=False).median),
        str(result.ratio(name, [BASELINE], "cpu", net=False)),
        str(result.spread(name, "cpu", net=True)),
        str(result.ratio(name, [BASELINE], "cpu", net=True)),
        significant(result.spread(name, "wall", net=True).median),
    ]


def bounds(result: Result) -> Table:
    """Return what hashing adds and what further workers gain, if they were measured."""
    rows = []
    for name in result.samples:
        if name.endswith("default digest"):
            parts = ["mediscan", "hash the output"]
            rows.append(_bound_row(result, f"CPU, {name} / ({' + '.join(parts)})", name, parts, "cpu"))
        if name.endswith(" workers"):
            label = f"wall clock, mediscan / {name} (speed-up)"
            rows.append(_bound_row(result, label, "mediscan", [name], "wall"))
    return [["ratio", "raw", "start-up taken off"], *rows] if rows else []


def _bound_row(result: Result, label: str, above: str, below: list[str], clock: str) -> list[str]:
    return [label, *(str(result.ratio(above, below, clock, net=net)) for net in (False, True))]


def _padded(table: Table) -> Iterator[list[str]]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]


def plain(table: Table) -> str:
    """Return a table as aligned text."""
    return "\n".join("  ".join(row).rstrip() for row in _padded(table))


def markdown(table: Table) -> str:
    """Return a table as Markdown, aligned as text too."""
    head, *rows = (f"| {' | '.join(row)} |" for row in _padded(table))
    return "\n".join([head, re.sub(r"[^|]", "-", head), *rows])


def describe_data(bench: Bench, kind: str, count: int) -> Table:
    """Return what a corpus is made of, with a digest that tells whether two runs had the same."""
    folder = bench.data(kind, count)
    first = os.path.join(folder, corpus.file_path(kind, 0))
    facts = corpus.describe(first)
    with open(first, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    mean = tree_bytes(folder) // count
    held = f"{facts['elements']} ({facts['top_level']} at top level)"
    return [[kind, str(count), str(mean), held, str(facts["header"]), digest[:16]]]


DATA_HEAD = ["kind", "files", "mean bytes", "elements", "header bytes", "sha256 of the first file"]


def parse_kind(text: str) -> tuple[str, int]:
    """Read KIND:COUNT."""
    kind, _, count = text.partition(":")
    if kind not in corpus.KINDS or not count.isdigit() or int(count) < 2:
        raise argparse.ArgumentTypeError(f"want KIND:COUNT, a kind of {', '.join(corpus.KINDS)} and 2 files or more")
    return kind, int(count)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = made.add_argument
    add("--kind", type=parse_kind, action="append", metavar="KIND:COUNT", help="data, repeatable (ct:1000)")
    add("--rounds", type=int, default=5, metavar="N")
    add("--mediscan", default="mediscan", metavar="COMMAND", help="how to start mediscan; none leaves it out")
    add("--peer", action="append", default=[], choices=[*tools.PEER_NAMES, "all"], help="repeatable")
    add("--peer-python", default=sys.executable, metavar="PYTHON", help="the interpreter that has the Python peers")
    add("--peer-files", type=int, metavar="N", help="give peers at most N files of each kind, but 2")
    add("--digest", action="store_true", help="also run with the default digest, and hash the output alone")
    add("--workers", type=int, nargs="+", default=[1], metavar="N", help="the first must be 1; others give speed-ups")
    add("--tmp", default="/dev/shm", metavar="FOLDER", help="where data and output lie; tmpfs for figures that count")
    add("--out", nargs="?", const=RESULTS, metavar="FOLDER", help="also write FOLDER/<date>-<machine>.md")
    add("--machine", default=machine.name(), metavar="NAME", help="the machine's name in that file's name")
    add("--markdown", action="store_true", help="print Markdown, not plain text")
    return made


def our_tools(options: argparse.Namespace, folder: str) -> list[Tool]:
    """Return the copy and the runs of mediscan that were asked for, the plain one first."""
    found = [tools.copy()]
    if options.mediscan == "none":
        return found
    key = tools.make_key(options.mediscan, folder)
    found += [tools.mediscan(options.mediscan, key, workers=workers) for workers in options.workers]
    if options.digest:
        found += [tools.mediscan(options.mediscan, key, digest="default"), tools.hashing()]
    return found


def peer_tools(options: argparse.Namespace, folder: str, notes: dict[str, None]) -> list[Tool]:
    """Return the peers asked for; one that is not installed is left out and noted."""
    names = tools.PEER_NAMES if "all" in options.peer else dict.fromkeys(options.peer)
    makers = tools.peers(options.peer_python, tools.make_certificate(folder) if "gdcmanon" in names else "")
    found = []
    for name in names:
        try:
            found.append(makers[name]())
        except ToolMissingError as missing:
            notes[f"{name} left out: {missing}"] = None
    return found


def compare(options: argparse.Namespace, bench: Bench, running: list[Tool]) -> list[Result]:
    """Measure every kind."""
    bench.check_space(options.kind)
    results = []
    for kind, count in options.kind:
        if any(tool.reads_output for tool in running):
            bench.keep_output(running[1], kind, (1, count))
        results.append(bench.measure(kind, count, running, options.rounds))
    return results


def report(options: argparse.Namespace, bench: Bench, running: list[Tool], results: list[Result]) -> Iterator[Table | str]:
    """Yield the headings, paragraphs and tables of a report."""
    yield "# mediscan against a plain copy and its peers"
    facts = {"date": dt.datetime.now(dt.UTC).date().isoformat(), **machine.facts(options.tmp)}
    facts |= {"load at the end": machine.load(), "rounds": str(options.rounds)}
    yield [["fact", "value"], *map(list, facts.items())]
    yield "Command: `python benchmarks/against.py " + shlex.join(options.argv) + "`"
    yield [DATA_HEAD, *(row for kind, count in options.kind for row in describe_data(bench, kind, count))]
    yield [
        ["tool", "version", "command"],
        *([tool.name, tool.version, _command(tool, bench.folder)] for tool in running),
    ]
    yield (
        "CPU is user and system time of the process and its children. `raw`: whole run / files. The other columns have "
        "start-up taken off: (all files - one file) / (files - 1). Median, and least..greatest of the rounds; `x cp` "
        "is against the copy of the same round."
    )
    for result in results:
        yield f"## {result.kind}"
        yield figures(result)
        yield bounds(result)
    if bench.notes:
        yield "## Notes"
        yield from (f"- {note}" for note in bench.notes)


def _command(tool: Tool, folder: str) -> str:
    """Return a tool's command as code for a table cell, its edits left out if they are many."""
    text = shlex.join(tool.argv("SRC", "DST")).replace(machine.HERE, "benchmarks").replace(folder, "TMP")
    return f"`{text if len(text) < 300 else text[:240] + ' ...'}`".replace("|", "\\|")


def render(parts: Iterable[Table | str], layout: str) -> str:
    """Return a report as one text, its tables "plain" or "markdown"."""
    tables = {"plain": plain, "markdown": markdown}[layout]
    return "\n\n".join(part if isinstance(part, str) else tables(part) for part in parts if part) + "\n"


def write_result(options: argparse.Namespace, text: str) -> None:
    """Write the Markdown report; an earlier one of the same day and machine is not overwritten."""
    os.makedirs(options.out, exist_ok=True)
    day = dt.datetime.now(dt.UTC).date().isoformat()
    path = os.path.join(options.out, f"{day}-{options.machine}.md")
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)
    print(f"written: {path}", file=sys.stderr)


def check_options(made: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Stop on what cannot be measured."""
    if not options.kind:
        made.error("name at least one --kind")
    if options.workers[0] != 1:
        made.error("--workers: the first must be 1, ratios are taken to it")
    if options.mediscan == "none" and (options.digest or len(options.workers) > 1):
        made.error("--digest and --workers need mediscan")
    if options.peer_files is not None and options.peer_files < 2:
        made.error("--peer-files: at least 2, or start-up cannot be taken off")


def main(argv: list[str] | None = None) -> int:
    made = parser()
    options = made.parse_args(argv)
    options.argv = sys.argv[1:] if argv is None else argv
    check_options(made, options)
    with tempfile.TemporaryDirectory(dir=options.tmp, prefix="mediscan-bench-") as folder:
        bench = Bench(folder, options.peer_files)
        running = [*our_tools(options, folder), *peer_tools(options, folder, bench.notes)]
        results = compare(options, bench, running)
        parts = list(report(options, bench, running, results))
    text = render(parts, "markdown" if options.markdown else "plain")
    print(text, end="")
    if options.out:
        write_result(options, render(parts, "markdown"))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (CommandError, ToolMissingError) as failure:
        sys.exit(f"against.py: {failure}")
