"""Check the documents: links resolve, examples run. Use: ``python docs/check.py``.

Every relative link must lead to a file, and to a heading where it names one. Every ``pycon`` block
is run as a doctest, in a folder of its own, one namespace a document.
"""

from __future__ import annotations

import doctest
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_EXAMPLES = re.compile(r"^```pycon\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def documents() -> list[Path]:
    """All documents of the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])


def anchors(page: Path) -> set[str]:
    """Names of the headings, as code hosts link to them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {name.strip().replace(" ", "-") for name in plain}


def broken_links(page: Path) -> Iterator[str]:
    """Links of this page that lead nowhere. Links to other sites are not followed."""
    for link in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: no file {link}"
        elif anchor and anchor not in anchors(target):
            yield f"{page.relative_to(ROOT)}: no heading {link}"


def failed_examples(page: Path) -> int:
    """Run the page's examples; what fails is printed."""
    source = "\n".join(_EXAMPLES.findall(page.read_text(encoding="utf-8")))
    name = str(page.relative_to(ROOT))
    test = doctest.DocTestParser().get_doctest(source, {}, name, name, 0)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed
        os.chdir(ROOT)
    return failed


def main() -> None:
    """Check all, print what is wrong, end with status 1 if anything is."""
    pages = documents()
    broken = [line for page in pages for line in broken_links(page)]
    print("\n".join(broken) or f"{len(pages)} documents: all links resolve")
    failed = sum(failed_examples(page) for page in pages)
    print(f"{failed} examples failed" if failed else "all examples run")
    sys.exit(bool(broken or failed))


if __name__ == "__main__":
    main()
