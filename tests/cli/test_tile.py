import io
from pathlib import Path

from PIL import Image


def test_a_tile_and_its_style_sheet(run, vault: Path, tmp_path: Path) -> None:
    """The PNG is written, and what is printed lays it over a page."""
    assert run("recipient", "add", "acct:7").status == 0
    target = tmp_path / "tile.png"
    ran = run("tile", "--to", "acct:7", "-o", target, "--json")
    assert ran.status == 0 and ran.json["recipient"] == "acct:7"
    assert "url(tile.png)" in ran.json["css"] and "pointer-events: none" in ran.json["css"]
    with Image.open(target) as tile:
        assert (tile.mode, tile.size) == ("RGBA", (1024, 1024))
    chinese = run("tile", "--to", "acct:7", "-o", target, "--lang", "zh").out
    assert "发放给 acct:7" in chinese and ran.json["css"] in chinese


def test_a_tile_goes_through_a_pipe(run, vault: Path) -> None:
    """Standard output holds the PNG alone."""
    run("recipient", "add", "acct:7")
    ran = run("tile", "--to", "acct:7", "-o", "-")
    assert ran.status == 0 and Image.open(io.BytesIO(ran.output)).size == (1024, 1024)


def test_a_tile_for_nobody_is_not_made(run, vault: Path, tmp_path: Path) -> None:
    """An unknown recipient or profile: nothing is written."""
    target = tmp_path / "tile.png"
    run("tile", "--to", "acct:7", "-o", target).failed(2, "acct:7")
    run("recipient", "add", "acct:7")
    run("tile", "--to", "acct:7", "-o", target, "--profile", "loud").failed(2, "loud")
    assert not target.exists()
