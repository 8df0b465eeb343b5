"""Pages, signed case files, previews and the doctor, from the command line."""

from __future__ import annotations

import csv
import html
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.cells import cell_len

import tracemark
from tests.label import hosts


@pytest.fixture
def leak(run, vault: Path, table: Path) -> Path:
    """A copy released to an account, cut to 20 rows."""
    run("mark", "table", table, "--to", "acct:1042", "-o", "copy.csv")
    lines = (vault.parent / "copy.csv").read_text().splitlines(keepends=True)[:21]
    path = vault.parent / "leak.csv"
    path.write_text("".join(lines))
    return path


@pytest.fixture
def label(home: Path) -> Path:
    path = home / "label.png"
    hosts.label(5).save(path, dpi=(203, 203))
    return path


def test_tracing_writes_a_page_and_a_signed_case(run, leak: Path) -> None:
    pytest.importorskip("cryptography", reason="needs the extra 'sign'")
    ran = run("trace", leak, "--report", "case.html", "--signed", "case.json")
    assert ran.status == 0
    assert "report: case.html" in ran.out and "signed case file: case.json" in ran.out
    page = Path("case.html").read_text(encoding="utf-8")
    assert "acct:1042" in page and page.startswith("<!DOCTYPE html>")
    key = run("key", "public").out.strip()
    checked = run("verify-case", "case.json", "--key", key, "--sample", leak, "--json").json
    assert checked["holds"] and checked["named"] == ["acct:1042"]
    assert checked["process"]["command"].startswith("tracemark")


def test_a_changed_signed_case_is_status_3(run, leak: Path) -> None:
    pytest.importorskip("cryptography", reason="needs the extra 'sign'")
    run("trace", leak, "--signed", "case.json")
    held = json.loads(Path("case.json").read_text())
    held["statement"]["case"]["accusations"][0]["recipient"] = "acct:1043"
    Path("other.json").write_text(json.dumps(held))
    run("verify-case", "other.json").failed(3, "other.json", "does not hold")
    run("verify-case", "case.json", "--key", "00" * 32).failed(3, "another key")
    run("verify-case", "case.json", "--sample", "case.json").failed(3, "is not in case.json")
    run("verify-case", leak).failed(3, "leak.csv")
    run("report", "other.json", "-o", "other.html").failed(3, "other.json", "does not hold")
    assert not Path("other.html").exists()


def test_the_page_of_a_signed_case_says_who_signed_it_and_what_was_asked(run, leak: Path) -> None:
    pytest.importorskip("cryptography", reason="needs the extra 'sign'")
    run("trace", leak, "--signed", "case.json")
    assert run("report", "case.json", "-o", "case.html").status == 0
    page = Path("case.html").read_text(encoding="utf-8")
    process = json.loads(Path("case.json").read_text())["statement"]["process"]
    assert run("key", "public").out.strip() in page
    assert html.escape(process["command"], quote=True).replace("&#x27;", "&#39;") in page
    assert process["time"][:19] in page


def test_a_case_file_becomes_a_page_without_contents(run, leak: Path) -> None:
    with leak.open(encoding="utf-8-sig") as file:
        addresses = [row["收货地址"] for row in csv.DictReader(file)]
    Path("case.json").write_bytes(run("trace", leak, "--json").output)
    assert run("report", "case.json", "-o", "case.html").status == 0
    page = Path("case.html").read_text(encoding="utf-8")
    assert "acct:1042" in page
    assert not [one for one in addresses if tracemark.clean(one) in page]
    assert run("report", "-", "-o", "-", stdin=Path("case.json").read_bytes()).out == page
    run("report", leak, "-o", "x.html").failed(3, "leak.csv")
    assert not Path("x.html").exists()


def test_contents_can_be_left_out_of_the_report(run, leak: Path) -> None:
    run("trace", leak, "--report", "with.html")
    run("trace", leak, "--report", "without.html", "--no-contents")
    assert "雪" in Path("with.html").read_text() or "路" in Path("with.html").read_text()
    assert len(Path("without.html").read_text()) < len(Path("with.html").read_text()) - 2000


def test_what_cannot_be_written_is_found_before_tracing(run, vault: Path, leak: Path) -> None:
    before = len(run("ledger", "show", "--json", "--last", 99).out.splitlines())
    run("trace", leak, "--report", "nowhere/case.html").failed(2, "no folder nowhere")
    assert len(run("ledger", "show", "--json", "--last", 99).out.splitlines()) == before


def test_the_language_comes_from_the_option_or_the_locale(
    run, leak: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    english = run("trace", leak)
    assert english.out.startswith("identified: ")
    assert "next: " in english.out
    chinese = run("trace", leak.name, "--lang", "zh")
    assert chinese.out.startswith("已确定：") and "acct:1042" in chinese.out
    assert chinese.status == english.status == 0
    assert max(map(cell_len, chinese.out.splitlines())) <= 80
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert run("trace", leak.name).out == chinese.out
    refused = run("trace", leak, "--lang", "fr")
    assert refused.status == 2 and "“fr”" in refused.errors and "提示：" in refused.errors
    monkeypatch.setenv("TRACEMARK_LANG", "en")
    assert run("--lang=zh", "trace", leak.name).out == chinese.out
    assert run("trace", leak.name).out == english.out.replace(str(leak), leak.name)


def test_a_preview_shows_before_after_and_the_change(run, vault: Path, label: Path) -> None:
    said = run("preview", label, "--to", "acct:1042", "-o", "preview.png", "--json").json
    assert 0 < said["part"] < 0.0026
    shown = Image.open("preview.png").convert("RGB")
    before = Image.open(label).convert("RGB")
    assert shown.width > 3 * before.width
    red = sum(n for n, colour in shown.getcolors(1 << 24) if colour == (200, 0, 0))
    assert red == said["changed"]
    issues = run("ledger", "show", "--kind", "issue", "--to", "acct:1042", "--json").out
    assert '"label"' in issues  # the picture shows a marked label, so the ledger holds it
    assert said["levels"] == 0
    run("preview", "leak.txt", "--to", "acct:1042", "-o", "p.png").failed(3, "leak.txt")
    assert not Path("p.png").exists()


def test_a_preview_shows_how_tones_changed(run, vault: Path) -> None:
    """A grey picture without rules carries no dots: none are counted, and the tones are seen."""
    ground = np.add.outer(np.arange(480), np.arange(640)) // 8 + 90
    Image.fromarray(ground.astype("uint8")).save("grey.png")
    said = run("preview", "grey.png", "--to", "acct:1042", "-o", "preview.png", "--json").json
    assert said["changed"] == 0 and 1 <= said["levels"] <= 4
    changes = Image.open("preview.png").convert("L").crop((2 * 640 + 72, 24, 3 * 640 + 72, 504))
    low, high = changes.getextrema()
    assert low < 112 and high > 144


def test_the_doctor_finds_a_sound_vault_sound(run, vault: Path) -> None:
    ran = run("doctor", "--json")
    states = {one["check"]: one["state"] for one in ran.json}
    assert ran.status == 0
    assert states["ledger"] == states["label self-test"] == states["vault"] == "good"
    assert all(one["remedy"] for one in ran.json if one["state"] != "good")


def test_the_doctor_finds_what_is_wrong(run, vault: Path) -> None:
    (vault / "ledger.sqlite").chmod(0o666)
    found = {one["check"]: one for one in run("doctor", "--json").json}
    assert found["permissions ledger.sqlite"]["remedy"].startswith("chmod 600")
    (vault / "keys").chmod(0o644)
    ran = run("doctor", "--lang", "zh")
    assert ran.status == 3
    assert "故障：库：" in ran.out and "chmod 600" in ran.out


def test_the_doctor_without_a_vault_says_how_to_make_one(run, home: Path) -> None:
    ran = run("doctor")
    assert ran.status == 3
    assert "WRONG: vault: no vault in tracemark-vault" in ran.out and "tracemark init" in ran.out
    assert not (home / "tracemark-vault").exists()


def test_the_outcome_in_chinese_says_every_verdict(
    run, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = run("trace", "-", "--lang", "zh", stdin="浙江省义乌市雪峰西路99号\n".encode())
    assert nobody.status == 1 and nobody.out.startswith("未发现标记：")
    broken = run("trace", "-", "--lang", "zh", stdin=b"\x89PNG\r\n\x1a\nno picture")
    assert broken.status == 3 and broken.out.startswith("无法读取：")
    assert "图片损坏或不完整" in broken.out and "tmp" not in broken.out
