"""process(batch) -> outcomes: opens each input, has it decided and written, and commits the batch's ledger fragment."""

import base64
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mediscan import errors
from mediscan._native.decide import Builtin
from mediscan._native.journal import Journal
from mediscan._native.splice import Splicer
from mediscan.codec.part10 import Header, Reader
from mediscan.engine.config import RunConfig
from mediscan.engine.discover import Batch
from mediscan.engine.sink import OUTPUT_SUFFIX, WRITTEN, Placed, Sink, hasher
from mediscan.ledger.rows import FileRow
from mediscan.ledger.writer import LedgerWriter
from mediscan.pixel import screen
from mediscan.plan import executor
from mediscan.plan.plan import Plan
from mediscan.plan.planner import Instance, Planner
from mediscan.profile import table
from mediscan.standard import private

_RULE_ADDED = int(Builtin.RULE_ADDED)


@dataclass(slots=True)
class Summary:
    """What became of a batch; adds up over batches.

    Attributes
    ----------
    outcomes : dict of (status, reason) to int
        Inputs by outcome.
    bytes_in, bytes_out : int
        Sizes of inputs looked at and outputs written.
    contested : list of (file_id, root, path, output path)
        Inputs whose output name was taken.
    """

    outcomes: dict[tuple[str, str | None], int] = field(default_factory=dict)
    bytes_in: int = 0
    bytes_out: int = 0
    contested: list[tuple[int, bytes, bytes, str]] = field(default_factory=list)

    def add(self, other: "Summary") -> None:
        """Add the outcomes of another batch."""
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.bytes_in += other.bytes_in
        self.bytes_out += other.bytes_out
        self.contested += other.contested

    def count(self, row: FileRow) -> None:
        """Count one input."""
        outcome = (row.status, row.reason)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.bytes_in += row.source_size or 0
        if row.status == "written":
            self.bytes_out += row.output_size or 0

    @property
    def inputs(self) -> int:
        """Inputs seen."""
        return sum(self.outcomes.values())

    def of(self, status: str) -> int:
        """Inputs of one status."""
        return sum(count for (found, _), count in self.outcomes.items() if found == status)


class Worker:
    """Everything one process needs, loaded once.

    Parameters
    ----------
    config : RunConfig
        Settings of the run.
    plan : Plan
        Policy and key.
    run_id : str
        For the ledger.
    number : int
        Of this worker, from 0.
    """

    def __init__(self, config: RunConfig, plan: Plan, run_id: str, number: int = 0) -> None:
        self._config = config
        self._number = number
        self._reader = Reader(config.limits)
        self._table = self._reader.table
        self._planner = Planner(plan)
        self._splicer = Splicer()
        self._journal = Journal()
        self._sink = Sink(config.dest, config.digest)
        self._source_ref = plan.key.function("source")
        self._component = plan.key.function("path", 15)
        self._source_hasher = (hasher(config.digest) or hasher("blake3")) if config.digest_source else None
        names = sorted(private.load())
        self._creators = {name.encode("ascii", "replace"): i for i, name in enumerate(names)}
        rules = self._planner.names
        self._ledger = LedgerWriter(config.ledger, run_id, facts(plan), rules.rules, rules.categories, names)

    def process(self, batch: Batch, tick: Callable[[Summary], None] = lambda _: None) -> Summary:
        """Work through a batch and commit its ledger fragment; `tick` sees the summary after each input.

        Raises
        ------
        RunError
            If the destination or the ledger cannot be written.
        """
        summary = Summary()
        rows: list[FileRow] = []
        for file_id, path in enumerate(batch.paths, batch.first):
            row = self._one(file_id, batch.root, path, summary)
            rows.append(row)
            summary.count(row)
            tick(summary)
        self._commit(batch, rows)
        return summary

    def refuse(self, batch: Batch, error: errors.Refused) -> Summary:
        """Commit a batch whose inputs are all refused for one reason, without opening them."""
        summary = Summary()
        rows: list[FileRow] = []
        for file_id, path in enumerate(batch.paths, batch.first):
            row = FileRow(file_id, self._source_ref(path).hex(), self._number, time.time_ns() // 1000)
            row.refuse(error.reason, error.detail)
            rows.append(row)
            summary.count(row)
        self._commit(batch, rows)
        return summary

    def _commit(self, batch: Batch, rows: list[FileRow]) -> None:
        try:
            self._ledger.commit(batch.name, rows, self._journal.take())
        except OSError as error:
            raise errors.RunError(f"the ledger cannot be written: {error.strerror}") from None

    def _one(self, file_id: int, root: bytes, path: bytes, summary: Summary) -> FileRow:
        """Outcome of one input: whatever goes wrong with it is a row, and nothing of it is written."""
        clock = time.perf_counter_ns()
        mark = len(self._journal)
        row = FileRow(file_id, self._source_ref(path).hex(), self._number, time.time_ns() // 1000)
        try:
            output = self._decide_and_write(row, root + path, path)
            if row.status == "duplicate" or row.reason == errors.DuplicateUidConflict.reason:
                summary.contested.append((file_id, root, path, output))
        except errors.NotDicom:
            row.status = row.reason = errors.NotDicom.reason
        except errors.Refused as error:
            row.refuse(error.reason, error.detail)
        except errors.RunError:
            raise
        except Exception as error:  # noqa: BLE001  fail closed: the kind of error is told, its text may hold values
            row.refuse("internal_error", type(error).__name__)
        finally:
            self._table.close()
        if row.status != "written":
            self._journal.truncate(mark)
        row.elapsed_us = (time.perf_counter_ns() - clock) // 1000
        return row

    def _decide_and_write(self, row: FileRow, whole_path: bytes, path: bytes) -> str:
        """Fill the row of one input, which is left open; its output path."""
        table, planner = self._table, self._planner
        try:
            header = self._reader.read_path(whole_path)
        finally:
            row.source_size = table.opened_size
        instance = planner.decide(table, header, whole_path)
        _describe(row, header, instance)
        row.elements_seen = table.count
        if self._config.pixels == "detect" and screen.may_show_text(instance.sop_class, *table.pick(screen.TAGS)):
            row.status, row.reason = "held", screen.REASON
            return ""
        if self._source_hasher:
            row.source_digest = self._digest_source(table.file)
        attestation = planner.attestation(header.syntax)
        whole = executor.lay_out(self._splicer, table, header, instance, attestation)
        output = self._output_path(instance, path)
        if not self._config.dry_run:
            placed, row.output_size, row.output_digest = self._sink.place(
                output, self._splicer, whole, table.file, table.unchanged
            )
            if placed is not WRITTEN:
                _describe_other(row, placed, output)
                return output
            row.output_path = output
        row.status = "written"
        row.elements_changed = self._journal.record(table.capsule, row.file_id, self._creators, attestation.rows, _RULE_ADDED)
        return output

    def _output_path(self, instance: Instance, path: bytes) -> str:
        if self._config.layout == "uid":
            return f"{instance.patient}/{instance.study}/{instance.series}/{instance.sop_instance}{OUTPUT_SUFFIX}"
        if self._config.layout == "media":
            return "/".join(base64.b32encode(self._component(name.encode()))[:8].decode() for name in instance[5:])
        parts = [base64.b32encode(self._component(part)).decode() for part in path.split(b"/")]
        return "/".join(parts) + OUTPUT_SUFFIX

    def _digest_source(self, fd: int) -> str:
        assert self._source_hasher is not None
        digest = self._source_hasher()
        offset = 0
        while chunk := os.pread(fd, 1 << 20, offset):
            digest.update(chunk)
            offset += len(chunk)
        return str(digest.hexdigest())


def facts(plan: Plan) -> dict[str, str]:
    """What the ledger's metadata says of a plan."""
    return {
        "tool": plan.tool,
        "policy": plan.policy.name,
        "policy_digest": plan.policy.digest,
        "ps3_15_edition": table.load().edition,
        "key_fingerprint": plan.key.fingerprint,
    }


def _describe(row: FileRow, header: Header, instance: Instance) -> None:
    row.transfer_syntax_uid = header.syntax.uid
    row.sop_class_uid, row.modality, row.rows, row.columns, row.frames = instance[:5]
    row.patient, row.study_uid, row.series_uid, row.sop_instance_uid = instance[5:]


def _describe_other(row: FileRow, placed: Placed, output: str) -> None:
    """An output whose name was taken."""
    if placed is Placed.CONFLICT:
        row.output_size = row.output_digest = None
        row.refuse(errors.DuplicateUidConflict.reason, None)
    else:
        row.output_path = output
        row.status = "duplicate"
