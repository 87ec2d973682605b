"""dciodvfy over every real file under every named policy: no error on an output that its input lacks.

The conditions (reliability.md, section 6) and the verdict are those of tests/test_battery.py, which looks at the default policy
alone. Files that several collections share are looked at once.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from outputs import POLICIES, Pair, of

from conftest import CORPUS
from test_battery import ABORTS, GIVES_UP, needs, verdict

THREADS = 2
# The least that is looked at under each policy when the public corpus is there; pydicom's own files are fewer.
FILES, CLASSES = (200, 25) if CORPUS.is_dir() else (100, 12)

Verdicts = dict[Path, "Counter[str] | None"]


@pytest.fixture(scope="module")
def before() -> Verdicts:
    """Verdicts on inputs, each asked for once."""
    return {}


def distinct(pairs: list[Pair]) -> list[Pair]:
    """One pair for inputs of the same bytes."""
    return list({hashlib.blake2b(pair.source.read_bytes()).digest(): pair for pair in pairs}.values())


def verdicts(paths: list[tuple[Path, Pair]], scratch: Path) -> Iterator["Counter[str] | None"]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(lambda at: verdict(at[0], at[1].row, scratch), paths)


@needs("dciodvfy", "dcmconv")
@pytest.mark.parametrize("policy", POLICIES)
def test_no_new_error(policy: str, before: Verdicts, tmp_path: Path) -> None:
    pairs = distinct(of(policy))
    unasked = [(pair.source, pair) for pair in pairs if pair.source not in before]
    before.update(zip((path for path, _ in unasked), verdicts(unasked, tmp_path), strict=True))
    new: dict[str, object] = {}
    judged: list[Pair] = []
    for pair, after in zip(pairs, verdicts([(pair.output, pair) for pair in pairs], tmp_path), strict=True):
        known = before[pair.source]
        if known is None or after is None:
            if pair.name not in ABORTS:
                new[pair.name] = "no verdict"
            continue
        judged.append(pair)
        if pair.name not in GIVES_UP and (more := after - known):
            new[pair.name] = sorted(more.elements())
    classes = {pair.row["sop_class_uid"] for pair in judged}
    print(f"{policy}: {len(judged)} files of {len(classes)} SOP Classes judged, {len(new)} with new errors")  # noqa: T201
    assert sum(sum(found.values()) for found in before.values() if found) > len(judged), "the oracle has nothing to say"
    assert new == {}
    assert len(judged) >= FILES
    assert len(classes) >= CLASSES
