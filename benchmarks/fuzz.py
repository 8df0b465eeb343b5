"""Damaged and hostile files through every loader: each gives rows or one clear refusal.

Run:  python -m benchmarks.fuzz --cases 100000 [--only xlsx html …] [--seed 1] [--keep FOLDER]

Files that are whole are damaged at random (bytes flipped, cut, doubled, filled with what formats
find hard) and handed to the loader within this process. Rows, UnreadableSample and UsageError are
fine; anything else is a finding, kept in FOLDER. Parsers that are not Python run in a forked
process, so that a crash is counted and not suffered; a user meets such a crash as UnreadableSample.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import multiprocessing
import random
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from tracemark.errors import UnreadableSample, UsageError
from tracemark.loaders import LIMITS, open_samples
from tracemark.loaders.child import PARSERS
from tracemark.loaders.forms import form_of
from tracemark.tables import open_document
from tracemark_cli.sample_orders import orders

SLOW = 5.0  # seconds that a small file may take
FINE = (UnreadableSample, UsageError)
HARD = [
    *(b"\x00", b"\xff" * 8, b"\r", b'"', b'""', b"<" * 50, b"<table>" * 30, b"&#x110000;", b"&lt"),
    *(b"]]>", b"<!--", b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"[" * 300, b'{"a":' * 300),
    *(b"\\ud800", "\ufeff".encode(), b"PK\x03\x04", b"PK\x05\x06", b"\x00" * 200, b"1e999", b"-1"),
    *(b"999999999999999999999", b'r="XFD1048577"', b't="s"', b"<v>4294967296</v>", b"_x000D_"),
]


def seeds() -> dict[str, bytes]:
    """One whole small file of each kind."""
    rows = [{key: str(value) for key, value in row.items()} for row in orders(6, 1)]
    lines = [",".join(f'"{cell}"' for cell in row.values()) for row in rows]
    cells = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row.values()) + "</tr>" for row in rows
    )
    made = {
        "csv": ("\n".join([",".join(rows[0]), *lines])).encode(),
        "json": json.dumps(rows, ensure_ascii=False).encode(),
        "jsonl": "\n".join(json.dumps(row) for row in rows).encode(),
        "text": "\n".join(" ".join(row.values()) for row in rows).encode("gbk", "replace"),
        "html": f"<!DOCTYPE html><html><body><table>{cells}</table></body></html>".encode(),
        "xlsx": workbook(rows),
        "document": zipped({"word/document.xml": b"<w:p><w:r><w:t>\xe5\xbc\xa0</w:t></w:r></w:p>"}),
        "pdf": PDF,
    }
    made["archive"] = zipped({"a.csv": made["csv"], "b.html": made["html"]})
    made["gzip"] = gzip.compress(made["csv"])
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        held = io.BytesIO()
        parquet.write_table(arrow.Table.from_pylist(rows), held)
        made["columnar"] = held.getvalue()
    except ImportError:
        pass
    return made


def zipped(parts: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return held.getvalue()


def workbook(rows: list[dict[str, str]]) -> bytes:
    """A workbook of shared and inline strings, by hand: nothing else is needed to fuzz."""
    texts = [*rows[0], *(cell for row in rows for cell in row.values())]
    shared = "".join(f"<si><t>{text.replace('&', '').replace('<', '')}</t></si>" for text in texts)
    width, kind = (
        len(rows[0]),
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    )
    body = "".join(
        f'<row r="{line + 1}">'
        + "".join(f'<c t="s"><v>{line * width + column}</v></c>' for column in range(width))
        + '<c t="inlineStr"><is><t>北苑街道1号</t></is></c><c><v>1.38E+10</v></c></row>'
        for line in range(len(rows) + 1)
    )
    relations = [("worksheet", "s.xml"), ("sharedStrings", "t.xml")]
    return zipped(
        {
            "[Content_Types].xml": b"<Types/>",
            "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{kind}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>'.encode(),
            "xl/workbook.xml": b'<workbook><sheets><sheet name="a" r:id="r0"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": (
                "<Relationships>"
                + "".join(
                    f'<Relationship Id="r{n}" Type="{kind}/{what}" Target="{target}"/>'
                    for n, (what, target) in enumerate(relations)
                )
                + "</Relationships>"
            ).encode(),
            "xl/s.xml": f"<worksheet><sheetData>{body}</sheetData></worksheet>".encode(),
            "xl/t.xml": f'<sst count="9" uniqueCount="9">{shared}</sst>'.encode(),
        }
    )


PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R
>>endobj
4 0 obj<</Length 44>>stream
BT /F 12 Tf 20 100 Td (5 Main St, Apt 5) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R/Size 6>>
"""


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A file with one to six faults; half of the ZIP files get theirs inside."""
    if data[:2] == b"PK" and rng.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(list(parts))
        return zipped({**parts, name: damaged(b" " + parts[name], rng)})
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at, end = sorted((rng.randrange(len(out) + 1), rng.randrange(len(out) + 1)))
        end = min(end, at + rng.choice((1, 4, 30, 1000)))
        fault = rng.randrange(6)
        if fault == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif fault == 1:
            del out[at:end]
        elif fault == 2:
            out[at:at] = out[at:end] * rng.choice((1, 2, 40))
        elif fault == 3:
            out[at:end] = rng.randbytes(end - at)
        elif fault == 4 and rng.random() < 0.2:
            del out[at:]
        else:
            out[at:at] = rng.choice(HARD)
    return bytes(out)


def read(path: Path) -> None:
    """All that a trace would do with a file, but in this process."""
    limits = replace(LIMITS, unpacked=1 << 26)
    for sample in open_samples([path], limits):
        held = sample.given
        form = form_of(held) if isinstance(held, Path) else "table"
        if sample.pictured:
            sample.picture()
        elif form in PARSERS:
            parse = import_module(f"tracemark.loaders.{PARSERS[form]}").rows
            consume(
                sample._with_guesses([None] * len(row), row) for row in parse(held, limits) if row
            )
        else:
            consume(sample.rows())


def rewrite(path: Path) -> None:
    """What marking would do with it: every text but the first letters doubled."""
    with path.open("rb") as file:
        document = open_document(file, name=path.name)
        for row in document.rows():
            if row.values:
                document.encode(document.render(row, [value + value[:1] for value in row.values]))
        consume(document.rest())


def consume(items: Iterator[Any]) -> None:
    for _ in items:
        pass


def trial(job: tuple[str, int]) -> tuple[str, str]:
    """One damaged file. Returns what came of it, and its bytes in hexadecimal for a finding."""
    kind, seed = job
    rng = random.Random(f"{kind} {seed}")
    data = damaged(SEEDS[kind], rng)
    action: Callable[[Path], None] = rng.choice((read, rewrite))
    start = time.process_time()
    with tempfile.TemporaryDirectory(prefix="tracemark-") as folder:
        path = Path(folder) / rng.choice(("a.csv", "a.json", "a.xlsx", "a", "a.html"))
        path.write_bytes(data)
        try:
            action(path)
            outcome = "rows"
        except FINE as error:
            outcome = "refused" if error.hint else "refused without a hint"
        except Exception as fault:
            outcome = f"{action.__name__}: {type(fault).__module__}.{type(fault).__name__}"
    if time.process_time() - start > SLOW:
        outcome = f"{action.__name__}: slow"
    return outcome, "" if outcome in ("rows", "refused") else data.hex()


SEEDS: dict[str, bytes] = {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    SEEDS.update(seeds())
    kinds = options.only or list(SEEDS)
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    first = options.seed * 10_000_000
    fork = multiprocessing.get_context("fork")
    share = -(-options.cases // len(kinds))
    for kind in kinds:
        at = first
        while at < first + share:
            batch = [(kind, seed) for seed in range(at, min(at + 500, first + share))]
            at += len(batch)
            with fork.Pool(1) as pool:
                waiting = pool.map_async(trial, batch, chunksize=1)
                try:
                    found = waiting.get(timeout=300)
                except multiprocessing.TimeoutError:  # a crash loses its answer
                    counts[kind][f"crash or hang near seed {batch[0][1]}"] += 1
                    continue
            for (_, seed), (outcome, data) in zip(batch, found, strict=True):
                counts[kind][outcome] += 1
                if data and options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{kind}-{seed}").write_bytes(bytes.fromhex(data))
        print(f"{kind:9} {sum(counts[kind].values()):7} {dict(counts[kind])}", flush=True)


if __name__ == "__main__":
    main()
