"""Inputs that share an output name: the first in order keeps it, however the workers raced.

A worker that finds its output's name taken reports it. When all batches are done, each contested name whose holder is
not the first of its claimants is decided again, in order, and the ledger's rows are replaced. So neither the tree nor
the ledger depends on who was quicker, or on a worker that died after it wrote a file and before it committed the row.
"""

import itertools
import os
from collections import defaultdict

from mediscan.engine.config import RunConfig
from mediscan.engine.discover import Batch, inputs
from mediscan.engine.worker import Summary, Worker
from mediscan.ledger import reader
from mediscan.plan.plan import Plan

_FRAGMENT = "reconciled.{:06d}"


def reconcile(config: RunConfig, plan: Plan, run_id: str, total: Summary) -> None:
    """Put contested names right; `total` is mended in place."""
    if not total.contested:
        return
    claims: dict[str, list[tuple[int, bytes, bytes]]] = defaultdict(list)
    for file_id, root, path, output in total.contested:
        claims[output].append((file_id, root, path))
    holders = {output: (file_id, name) for output, file_id, name in reader.holders(config.ledger, set(claims))}
    wrong = {output: found for output, found in claims.items() if output not in holders or holders[output][0] > min(found)[0]}
    if wrong:
        _decide_again(config, plan, run_id, total, wrong, holders)


def _decide_again(
    config: RunConfig,
    plan: Plan,
    run_id: str,
    total: Summary,
    wrong: dict[str, list[tuple[int, bytes, bytes]]],
    holders: dict[str, tuple[int, str]],
) -> None:
    missing = {holders[output][0] for output in wrong if output in holders}
    paths = _paths_of(config.sources, missing)
    redo: list[tuple[int, bytes, bytes]] = []
    for output, found in wrong.items():
        redo += found
        if output in holders:
            redo.append((holders[output][0], *paths[holders[output][0]]))
        os.unlink(os.path.join(config.dest, output))
    _forget(config.ledger, {file_id for file_id, _, _ in redo}, total)
    worker = Worker(config, plan, run_id)
    for file_id, root, path in sorted(redo):
        again = worker.process(Batch(_FRAGMENT.format(file_id), file_id, root, (path,)))
        again.contested.clear()
        total.add(again)
    total.outcomes = {outcome: count for outcome, count in total.outcomes.items() if count}


def _paths_of(sources: tuple[bytes, ...], file_ids: set[int]) -> dict[int, tuple[bytes, bytes]]:
    """Root and path of some inputs, by listing the sources again: they are not kept, there may be millions."""
    everything = enumerate(itertools.chain.from_iterable(inputs(source) for source in sources))
    return {number: (root, path) for number, (root, path, _) in everything if number in file_ids}


def _forget(ledger: str, file_ids: set[int], total: Summary) -> None:
    """Take the rows of some inputs out of the ledger, and out of the total."""
    for name in reader.fragments(ledger):
        columns = ["file_id", "status", "reason", "source_size", "output_size"]
        rows = reader.read(ledger, "files", name).select(columns).to_pylist()
        hit = [row for row in rows if row["file_id"] in file_ids]
        for row in hit:
            total.outcomes[row["status"], row["reason"]] -= 1
            total.bytes_in -= row["source_size"] or 0
            total.bytes_out -= (row["output_size"] or 0) if row["status"] == "written" else 0
        if hit:
            reader.drop(ledger, name, {row["file_id"] for row in hit})
