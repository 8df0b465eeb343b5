"""The two corridors share their ground floor only. Held by reading the imports."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracemark

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "tracemark"
PROGRAM = ROOT / "cli"

GROUND = {"later", "errors", "sealing", "passphrases", "keys", "profiles", "codeword", "model"}
GROUND |= {"arguments", "darkness", "lending", "masks", "memory", "processes", "upright"}

EXTRAS = {
    "pyarrow",
    "narwhals",
    "pypdfium2",
    "python_calamine",
    "rapidocr",
    "onnxruntime",
    "psycopg",
    "pikepdf",
    "pyspark",
}

# what each room may import, besides itself; whatever is not named here is a new room and must be
MAY_IMPORT = {
    "errors": set(),
    "arguments": {"errors"},
    "profiles": set(),
    "model": set(),
    "masks": set(),
    "darkness": set(),
    "upright": {"darkness"},
    "collecting": set(),
    "memory": set(),
    "lending": set(),
    "processes": set(),
    "sealing": {"errors"},
    "passphrases": {"errors"},
    "keys": {"arguments", "errors", "sealing", "passphrases"},
    "codeword": {"keys", "profiles"},
    "text": GROUND,  # a carrier is handed a codeword and a subkey: no ledger, no decoder, no name
    "label": GROUND,
    "tone": GROUND,
    "decoder": GROUND | {"case"},  # votes in, accusations out: no carrier, no ledger
    "ledger": GROUND,
    "access": set(),  # sets and probabilities: no ledger, no key, no name
    "accessing": {"access", "keys", "ledger"},
    "custody": {"errors", "keys", "ledger"},
    "decoys": GROUND | {"access"},  # a carrier: no ledger, no decoder, no name
    "seeding": GROUND | {"decoys", "ledger", "tables", "text"},
    "tables": {"arguments", "errors"},
    "pictures": {"errors"},
    "barcodes": {"errors"},
    "loaders": {"errors", "later", "pictures", "printing", "processes", "tables"},
    "case": {"model", "access", "exhibit", "report"},
    "catalogue": set(),
    "words": {"catalogue"},
    "exhibit": set(),
    "showing": GROUND | {"text", "loaders", "case", "exhibit", "showing_text"},
    "showing_text": GROUND | {"text", "loaders", "exhibit"},
    "report": {"errors", "exhibit", "words"},  # from a case file to a page: nothing of how it arose
    "signing": {"errors", "keys"},
    "checkpoints": {"arguments", "errors", "keys", "ledger", "signing"},
    "issuing": {"codeword", "keys", "profiles"},
    "key_verbs": GROUND | {"issuing", "ledger", "signing"},
    "ledger_verbs": {"keys", "ledger", "checkpoints"},
    "casefile": {"arguments", "errors", "keys", "ledger", "case", "access", "signing", "report"},
    "cleaning": {"arguments", "decoys", "errors", "tables", "text"},
    "marking": GROUND | {"collecting", "text", "tables", "ledger"},
    "label_marking": GROUND | {"label", "tone", "ledger"},
    "label_tracing": GROUND | {"label", "loaders", "pictures", "barcodes", "ledger", "case"},
    "tone_tracing": GROUND | {"tone", "label_tracing", "loaders", "case"},
    "bindings": GROUND | {"label", "label_tracing", "decoder", "ledger", "case"},
    "revoking": GROUND | {"decoder"},
    "sieving": {"access", "text"},  # fingerprints of numbers, hashes of rows: no mark, no name
    "read_sample": GROUND | {"label_tracing", "loaders", "decoder", "case", "showing"},
    "text_tracing": GROUND
    | {"text", "label_tracing", "read_sample", "loaders", "decoder", "ledger", "case"}
    | {"access", "collecting", "decoys", "sieving"},
    "concluding": GROUND
    | {"bindings", "label_tracing", "read_sample", "revoking", "decoder", "ledger", "case"},
    "tracing": GROUND
    | {"text", "text_tracing", "label_tracing", "tone_tracing", "read_sample", "concluding"}
    | {"loaders", "decoder", "ledger", "case", "accessing", "decoys", "showing"},
    "printing": {"errors", "masks"},  # pages and dots: no mark
    "zpl_marking": {"errors", "label", "label_marking", "model", "printing"},
    "pdf_marking": {"errors", "label", "label_marking", "printing"},
    "label_verbs": GROUND | {"label_marking", "marking", "ledger", "pictures"},
    "label_file_verbs": GROUND
    | {"label_verbs", "label_batches", "label_marking", "ledger", "pictures", "printing"}
    | {"tables", "zpl_marking", "pdf_marking"},
    "screen_verbs": GROUND | {"label_marking", "ledger"},
    "label_batches": GROUND | {"issuing", "label_file_verbs", "ledger", "pictures"},
    "record_verbs": GROUND | {"ledger", "custody", "decoys", "seeding"},
    "table_verbs": GROUND
    | {"record_verbs", "table_batches", "marking", "seeding", "ledger", "tables"},
    "table_batches": GROUND | {"issuing", "marking", "tables"},
    "vault": GROUND
    | {"tracing", "ledger", "loaders", "case", "label_tracing", "seeding", "casefile", "distant"}
    | {"table_verbs", "label_file_verbs", "ledger_verbs", "key_verbs", "job_verbs", "screen_verbs"},
    "distant": {"errors", "keys", "ledger", "profiles"},
    "later": set(),
    "job_verbs": GROUND | {"marking", "ledger"},
    "frames": {"arguments", "errors", "vault"},
    "spark": {"errors", "vault"},
    "service": {"errors", "distant", "vault"},
    "__init__": GROUND
    | {
        "label_file_verbs",
        "cleaning",
        "loaders",
        "vault",
        "marking",
        "case",
        "ledger",
        "tables",
        "text",
    }
    | {"access", "custody", "words", "casefile", "checkpoints"},
}


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Absolute names of what a file imports, anywhere in it, from-imports with their members."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [base])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(LIBRARY), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_what_stands_below_it(path: Path) -> None:
    allowed = MAY_IMPORT[room(path)] | {room(path)}
    used = {name.split(".")[1] for name in imported(path) if name.startswith("tracemark.")}
    assert used <= allowed


def test_the_ground_floor_imports_nothing_above_it() -> None:
    assert all(MAY_IMPORT[name] <= GROUND for name in GROUND)


def test_only_the_flow_files_and_the_vault_join_the_branches() -> None:
    branches = {"text", "label", "tone", "decoder", "ledger"}
    joining = {name for name, allowed in MAY_IMPORT.items() if len(allowed & branches) > 1}
    flow = {"marking", "label_marking", "tracing", "text_tracing", "label_tracing"}
    beside = {"bindings", "concluding", "seeding"}
    assert joining == {*flow, *beside, "__init__"}


def test_every_room_is_there() -> None:
    found = {room(path) for path in modules(LIBRARY)}
    assert found <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", modules(PROGRAM), ids=lambda p: p.name)
def test_the_command_line_uses_the_public_library_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "tracemark"
    }
    library = {name for name in imported(path) if name.split(".")[0] == "tracemark"}
    assert library <= {"tracemark", "tracemark.service"}
    assert names <= {*tracemark.__all__, "__version__"}


def test_what_is_public_is_there() -> None:
    assert all(hasattr(tracemark, name) for name in tracemark.__all__)


def run_python(code: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    ).stdout


def test_importing_the_library_is_quick(tmp_path: Path) -> None:
    """In turns with numpy, of whose import it is the larger part, so that no busy machine decides.

    Where numpy takes 0.11 s of processor time, the library took 0.24 s with it. Both are read
    compiled, wherever Python was told to keep nothing: compiling the sources each time took 0.09 s.
    """
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}

    def seconds(module: str) -> float:
        code = (
            f"import time; start = time.process_time(); import {module};"
            "print(time.process_time() - start)"
        )
        return float(run_python(code, **kept))

    pairs = [(seconds("numpy"), seconds("tracemark; tracemark.Vault")) for _ in range(7)]
    numpys, ours = (min(times) for times in zip(*pairs, strict=True))
    assert ours < max(0.2, 3.2 * numpys)  # a busy machine stretches files more than numpy


def test_importing_the_library_loads_nothing_that_traces() -> None:
    loaded = {*run_python("import sys, tracemark as t; t.Vault; print(*sys.modules)").split()}
    late = ("tracing", "decoder", "case", "casefile", "loaders.sample", "text.reader", "label")
    assert not loaded & {"PIL", *(f"tracemark.{name}" for name in late)}


@pytest.mark.parametrize("module", ["decoder.helper", "tone.child"])
def test_a_helping_process_loads_no_more_than_it_needs(module: str) -> None:
    """Every trace of a picture waits for it."""
    loaded = {*run_python(f"import sys, tracemark.{module}; print(*sys.modules)").split()}
    assert f"tracemark.{module}" in loaded
    late = ("vault", "keys", "ledger", "text", "tables", "marking", "case")
    assert not loaded & {f"tracemark.{name}" for name in late}


def test_importing_the_library_pulls_in_no_extra() -> None:
    loaded = run_python("import sys, tracemark as t; t.Vault; print(*sys.modules)").split()
    others = {"typer", "rich", "jinja2", "cryptography", "zxingcpp", "scipy", "pytest", "cv2"}
    assert not {*others, *EXTRAS} & set(loaded)


def test_every_package_is_in_the_wheel() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = set(tomllib.load(file)["tool"]["setuptools"]["packages"])
    there = {
        ".".join(path.relative_to(ROOT).parts)
        for path in LIBRARY.rglob("*")
        if path.is_dir() and any(one.suffix in (".py", ".toml") for one in path.iterdir())
    }
    assert {"tracemark", *there, "tracemark_cli"} == listed
