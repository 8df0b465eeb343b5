"""The page says what the case says, and nothing that came from outside can act in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

import tracemark
from tests.report.cases import PLACES, Leak, evil, hostile, write
from tracemark.case import Case, SampleReport
from tracemark.exhibit import ShownPicture
from tracemark.report import command, seen
from tracemark.report.plot import plot
from tracemark_cli.sample_orders import orders

VOID = {"meta", "input", "br", "img", "link"}


class Outline(HTMLParser):
    """Every tag and attribute of a page, and whether the tags close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def words_of(page: str) -> str:
    return " ".join("".join(Outline(page).text).split())


@pytest.fixture(scope="module")
def page(leaked: Leak) -> str:
    return leaked.case.to_html("en")


def test_the_case_names_both(leaked: Leak) -> None:
    assert {one.recipient for one in leaked.case.accusations} == {"station:YW-012", "acct:evil"}


def test_a_page_has_a_date(page: str) -> None:
    """That of its making, where the case is not signed."""
    today = {datetime.now(UTC).date() - timedelta(days) for days in (0, 1)}  # it may be midnight
    assert any(f"生成于 {day} (UTC)" in words_of(page) for day in today)


def test_the_page_is_well_formed_and_holds_no_script_and_no_address(page: str) -> None:
    outline = Outline(page)
    assert not outline.open
    assert not {"script", "iframe", "link", "object", "base", "form"} & {t for t, _ in outline.tags}
    for _, attributes in outline.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action", "xlink:href"):
            assert (attributes.get(name) or "data:").startswith("data:image/jpeg;base64,"[:5])
    assert "http://" not in page and "https://" not in page and "url(" not in page


def test_the_policy_of_the_page_forbids_scripts_and_requests(page: str) -> None:
    policies = [a["content"] for t, a in Outline(page).tags if a.get("http-equiv")]
    assert policies == [
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    ]


def test_hostile_texts_stand_in_the_page_as_text(page: str, leaked: Leak) -> None:
    said = words_of(page)
    assert "<script>document.title='broken'</script>" in said
    assert "{{7*7}}" in said and "49" not in re.findall(r"onerror=\S+?>(\d+)", said)
    assert "\u202e" not in page and "\\u202egpj.csv" in page


def test_whatever_came_from_outside_is_text_wherever_it_is_shown(leaked: Leak) -> None:
    page = hostile(leaked.case).to_html("en", asked=evil("command"))
    outline, said = Outline(page), words_of(page)
    assert not {"script", "img"} & {tag for tag, _ in outline.tags}
    assert not [name for _, held in outline.tags for name in held if name.startswith("on")]
    missing = [name for name in (*PLACES, "command") if evil(name) not in said]
    assert missing == []


def test_what_leaked_carries_no_mark_in_the_page(page: str) -> None:
    """Otherwise the report itself would be a marked copy."""
    assert not re.search("[\ufe00-\ufe0f]", page)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_both_languages_stand_in_every_page(leaked: Leak, lang: str) -> None:
    page = leaked.case.to_html(lang)
    said = words_of(page)
    assert "Copies of this material were released to 2 recipients" in said
    assert "这批材料出自发放给 2 个接收者的副本" in said
    [chosen] = [a["id"] for t, a in Outline(page).tags if t == "input" and "checked" in a
                and a.get("name") == "lang"]  # fmt: skip
    assert chosen == lang


def test_every_sentence_has_both_languages(page: str) -> None:
    tags = [attributes.get("class") for tag, attributes in Outline(page).tags if tag == "span"]
    assert tags.count("en") == tags.count("zh") > 60


def test_nobody_but_the_accused_is_named(page: str) -> None:
    assert set(re.findall(r"acct:\w+|station:[\w-]+", page)) == {"acct:evil", "station:YW-012"}


def test_cells_of_two_copies_are_told_apart(leaked: Leak) -> None:
    rows = leaked.case.exhibits[0]
    cells = [cell for _, row in rows.rows for cell in row if cell.read]
    whose = {cell.accused for cell in cells if cell.weight == "strong"}
    assert whose == {0, 1}
    assert all(cell.agreeing == cell.read for cell in cells if cell.weight == "strong")


def test_a_foreign_row_does_not_agree(leaked: Leak, tmp_path) -> None:
    """Cells that were never marked are held against the accused and found wanting."""
    mixed = [*orders(60, seed=77), *leaked.vault.mark_rows(orders(12, seed=31), "station:YW-012")]
    case = leaked.vault.trace(write(tmp_path / "mixed.csv", mixed))
    foreign = [
        cell for number, row in case.exhibits[0].rows if number <= 61 for cell in row if cell.read
    ]
    ours = [
        cell for number, row in case.exhibits[0].rows if number > 61 for cell in row if cell.read
    ]
    assert not [cell for cell in foreign if cell.weight == "strong"]
    assert sum(cell.weight == "strong" for cell in ours) > len(ours) / 2


def test_slots_within_a_cell_are_told_apart(leaked: Leak, tmp_path) -> None:
    """One symbol lost, one word changed: two slots of the cell say so, the others agree."""
    [row] = leaked.vault.mark_rows([next(iter(orders(1, seed=31)))], "station:YW-012")
    address = row["收货地址"]
    lost = list(re.finditer("[\ufe03-\ufe0a]+", address))[6]
    worn = address[: lost.start()] + address[lost.end() :]
    worn = worn.replace("室", "") if "室" in worn else worn + "室"
    case = leaked.vault.trace(write(tmp_path / "worn.csv", [{**row, "收货地址": worn}]))
    [(_, cells)] = case.exhibits[0].rows
    cell = cells[case.exhibits[0].headers.index("收货地址")]
    weights = [weight for _, weight in cell.parts]
    assert weights.count("erased") == 1
    assert weights.count("strong") > 5
    page = case.to_html("en")
    assert all(f'<i class="slot {weight}' in page for weight in {*weights} - {"silent"})


def test_the_parts_of_a_cell_are_its_text(leaked: Leak) -> None:
    for _, cells in leaked.case.exhibits[0].rows:
        for cell in cells:
            assert "".join(text for text, _ in cell.parts) == (cell.text if cell.parts else "")
            assert bool(cell.parts) == bool(cell.read)


def test_a_picture_is_small_and_upright(leaked: Leak) -> None:
    [picture] = [one for one in leaked.case.exhibits if isinstance(one, ShownPicture)]
    assert len(picture.jpeg) <= 300_000
    assert picture.size == (608, 1040)
    assert (picture.width, picture.height) == picture.size


def test_without_contents_nothing_that_leaked_is_in_the_page(leaked: Leak) -> None:
    page = leaked.case.to_html("en", exhibits=False)
    assert "data:image" not in page
    for _, row in leaked.case.exhibits[0].rows:
        assert not [cell.text for cell in row if len(cell.text) > 12 and cell.text in page]


def test_the_case_file_holds_no_contents(leaked: Leak) -> None:
    text = leaked.case.to_json()
    assert "exhibits" not in text
    for _, row in leaked.case.exhibits[0].rows:
        assert not [cell.text for cell in row if len(cell.text) > 12 and cell.text in text]


@pytest.mark.parametrize("verdict", ["inconclusive", "no mark", "unreadable"])
def test_other_verdicts_name_nobody_and_say_what_helps(verdict: str) -> None:
    sample = SampleReport("leak.csv", "0" * 64, "csv", "no mark", 3, 12)
    advice = "Add more rows from the same source, or the file as it was first received."
    case = Case(verdict, 1e-6, 1000, 3, 30.4, samples=(sample,), advice=(advice,))
    said = words_of(case.to_html("zh"))
    assert advice in said and "请补充同一来源的更多行" in said
    assert "released to" not in said.split("What this says")[0]


def test_a_later_look_and_a_prefix_are_said() -> None:
    sample = SampleReport("leak.csv", "0" * 64, "csv", "marked", 3, 12)
    case = Case("inconclusive", 1e-3, 70, 3, 20.0, samples=(sample,), number=9, look=2, among="a:")
    said = words_of(case.to_html("en"))
    assert "Case案件 9, ，look 2" in said
    assert "look 2 at these samples spends a part of it" in said
    assert command(case.to_dict()) == "tracemark trace leak.csv --alpha 0.001 --among a:"
    assert "give them again" in said


def test_what_was_typed_is_how_to_repeat_it(leaked: Leak) -> None:
    typed = "tracemark trace '<b>.jpg' --waybill YT7712345678901"
    said = words_of(leaked.case.to_html("en", asked=typed))
    assert typed in said and "give them again" not in said


def test_access_is_set_apart(leaked: Leak) -> None:
    holder = {"recipient": "acct:9", "name": "<b>x</b>", "kind": "account", "held": 4,
              "exclusive": 1, "issued": 3, "custody": 1, "all_told": 9, "guilt": 0.5}  # fmt: skip
    access = {"records": 5, "of": 5, "recognised": 4, "recipients": 2, "complete": 1,
              "smallest": 1, "exact": True, "alternatives": 2, "holders": [holder]}  # fmt: skip
    from tracemark.report import page

    said = page({**replace(leaked.case, exhibits=()).to_dict(), "access": access}, lang="en")
    assert "acct:9" in said and "<b>x" not in said
    assert said.index('id="access"') > said.index('id="scores"')
    assert "This is not an identification." in said


def test_another_language_is_refused(leaked: Leak) -> None:
    with pytest.raises(tracemark.UsageError, match="'fr'"):
        leaked.case.to_html("fr")


def test_bars_hold_everyone_but_the_accused() -> None:
    edges = [-4.0, -2.0, 0.0, 2.0, 60.0]
    drawn = plot(edges, [10, 900, 40, 2], 31.0, [(500.0, 1), (33.0, 1)])
    assert [bar.count for bar in drawn.bars] == [10, 900, 40]
    assert [(dot.rank, dot.beyond) for dot in drawn.dots] == [(1, True), (2, False)]
    assert drawn.dots[1].x > drawn.line
    assert plot(edges, [0, 0, 0, 0], 31.0, []) is None


def test_one_who_is_found_in_a_later_round_stays_in_the_bars() -> None:
    drawn = plot([-2.0, 0.0, 60.0], [5, 1], 31.0, [(50.0, 1), (45.0, 2)])
    assert [bar.count for bar in drawn.bars] == [5]


@pytest.mark.parametrize(
    ("given", "shown"),
    [("a\u202eb", "a\\u202eb"), ("a\nb", "a\\nb"), ("\ud800", "\\ud800"), ("地址 1", "地址 1")],
)
def test_what_is_not_printable_is_written_as_an_escape(given: str, shown: str) -> None:
    assert seen(given) == shown
