"""Who may import whom: the layers of the house, ground first; imports are absolute; third parties have one home each."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mediscan

PACKAGE = Path(mediscan.__file__).parent
LAYERS = [
    "errors", "_native", "standard", "codec", "profile", "pseudonym", "text", "pixel", "plan", "verify", "ledger", "source",
    "engine", "interop", "report", "cli",
]  # fmt: skip
TOP = {"api", "convert", "cli", "__main__", "__init__"}  # nothing below imports these
NO_SIBLINGS = {"pseudonym", "text", "pixel", "source"}

# Third party: where it may be imported.
HOMES = {
    "pyarrow": ("ledger/", "report/"),
    "rich": ("cli/",),
    "pydicom": ("convert.py", "standard/", "codec/values.py", "pixel/frames.py", "verify/", "engine/dicomdir.py"),
    "numba": ("pixel/kernels.py",),
    "blake3": ("engine/sink.py",),
    "numpy": ("standard/", "codec/", "pseudonym/", "text/", "pixel/", "plan/", "verify/", "ledger/", "report/"),
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.name.startswith("generate_"))


def relative(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def layer_of(path: Path) -> str:
    """First part below the package, without a suffix."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each absolute module that a file imports, anywhere in it, and the level of the import."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield module, node.level
            # `from mediscan.profile import table` names a module too
            yield from ((f"{module}.{alias.name}", node.level) for alias in node.names)


def own(path: Path) -> set[str]:
    """Layers of this package that a file imports."""
    names = {name.split(".")[1] for name, _ in imports(path) if name.startswith("mediscan.")}
    return {name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()}


by_path = pytest.mark.parametrize("path", MODULES, ids=relative)


@by_path
def test_imports_come_from_the_same_layer_or_from_earlier_ones(path: Path) -> None:
    layer = layer_of(path)
    allowed = LAYERS[: LAYERS.index(layer) + 1] if layer in LAYERS else [*LAYERS, *TOP]
    assert own(path) <= set(allowed)


@by_path
def test_imports_are_absolute(path: Path) -> None:
    assert [name for name, level in imports(path) if level] == []


@by_path
def test_siblings_do_not_import_each_other(path: Path) -> None:
    """Each of these layers is a set of tools for others; what they share lies below them or in `SHARED`."""
    layer = layer_of(path)
    if layer not in NO_SIBLINGS:
        return
    siblings = {other.stem for other in path.parent.glob("*.py")} - {"__init__", path.stem}
    named = {name.split(".")[2] for name, _ in imports(path) if name.startswith(f"mediscan.{layer}.")}
    assert (named & siblings) - {other.split(".")[1] for other in shared(layer)} == set()


def shared(layer: str) -> set[str]:
    """The modules of a layer that hold its common ground: keyed functions, of which every pseudonym is made; runs of text."""
    return {"pseudonym": {"pseudonym.keyring"}, "text": {"text.pieces", "text.own", "text.transliterate"}}.get(layer, set())


@by_path
def test_layers_that_must_not_meet_do_not(path: Path) -> None:
    groups = NO_SIBLINGS & {"pseudonym", "text", "pixel"}
    layer = layer_of(path)
    if layer in groups:
        assert own(path) & groups <= {layer}


@by_path
def test_third_parties_stay_at_home(path: Path) -> None:
    where = relative(path)
    for name in {name.split(".")[0] for name, _ in imports(path)} & HOMES.keys():
        assert where.startswith(HOMES[name]), f"{name} in {where}"


@by_path
def test_only_the_engine_starts_processes(path: Path) -> None:
    starters = {"multiprocessing", "subprocess", "concurrent"} & {name.split(".")[0] for name, _ in imports(path)}
    assert not starters or layer_of(path) == "engine"


@by_path
def test_planning_and_verifying_touch_no_file(path: Path) -> None:
    if layer_of(path) in ("plan", "verify"):
        assert not {"os", "socket", "shutil", "tempfile", "pathlib"} & {name.split(".")[0] for name, _ in imports(path)}


def test_verify_shares_no_code_with_plan_and_codec() -> None:
    for path in (path for path in MODULES if layer_of(path) == "verify"):
        assert own(path) & {"plan", "codec"} == set()


def test_errors_imports_nothing() -> None:
    assert list(imports(PACKAGE / "errors.py")) == []


def test_native_code_has_no_handwritten_python() -> None:
    assert [relative(path) for path in MODULES if layer_of(path) == "_native"] == ["_native/__init__.py"]
    assert list(imports(PACKAGE / "_native" / "__init__.py")) == []


def test_every_module_has_a_layer() -> None:
    assert {layer_of(path) for path in MODULES} <= {*LAYERS, *TOP}


@by_path
def test_every_file_says_what_it_does(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    if path.name != "__main__.py":
        assert text
