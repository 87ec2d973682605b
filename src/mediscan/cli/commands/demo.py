"""`mediscan demo`: the main job on real files, the good and the bad ones, that come inside the installed pydicom."""

import importlib.util
import os
from argparse import Namespace

from mediscan.cli import console, progress
from mediscan.cli.commands.run import report
from mediscan.engine.config import RunConfig, available_cores
from mediscan.engine.run import execute, restart
from mediscan.errors import UsageError
from mediscan.plan.plan import compile_policy
from mediscan.pseudonym.keyring import Key

_QUERY = """python -c "
import pyarrow.dataset as ds
rows = ds.dataset('{ledger}/actions').to_table(['rule', 'action']).unify_dictionaries()
counts = rows.group_by(['action', 'rule']).aggregate([([], 'count_all')])
for row in counts.sort_by([('count_all', 'descending')]).to_pylist()[:20]:
    print(row['count_all'], row['action'], row['rule'])
\""""


def main(arguments: Namespace) -> int:
    """Run on pydicom's test files; the exit status is 0 although bad files among them are quarantined."""
    spec = importlib.util.find_spec("pydicom")
    if spec is None or spec.origin is None:
        raise UsageError("pydicom is not installed")
    source = os.path.join(os.path.dirname(spec.origin), "data", "test_files")
    dest = os.path.abspath(os.path.join(arguments.dir, "out"))
    config = RunConfig(
        sources=(os.fsencode(source),),
        dest=dest,
        ledger=f"{dest}.ledger",
        workers=arguments.workers or available_cores(),
        pixels="off",
    )
    if os.path.isdir(os.path.join(config.ledger, "files")):
        restart(config)
    console.say(f"de-identifying {source} under the policy safe-harbor")
    with progress.choose("auto", config) as display:
        result = execute(config, compile_policy("safe-harbor", key=Key.random()), display)
    report(result)
    console.say("pixels were not looked at (--pixels off): burned-in text, where there is any, is still there")
    console.say("\nwhich rules changed what, from the ledger:")
    print(_QUERY.format(ledger=config.ledger))
    return 0
