from pathlib import Path

import pytest

import tracemark
from tests.vectors.make_cases import KEY, RECIPIENTS

CASES = sorted((Path(__file__).parent / "vectors").glob("text-1-case-*.txt"))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case_vector(path, tmp_path):
    """Each published sample is traced as its first line says, by a vault that never issued it."""
    head, sample = path.read_bytes().split(b"\n\n", 1)
    expect = head.decode().splitlines()[0].removeprefix("expect: ")
    leaked = tmp_path / "leaked.txt"
    leaked.write_bytes(sample)
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as vault:
        vault.add_recipients(RECIPIENTS)
        case = vault.trace(leaked)
    named = sorted(accusation.recipient for accusation in case.accusations)
    if expect.startswith("accuse"):
        assert case.verdict == "identified" and named == expect.split()[1:]
    else:
        assert not named
        assert case.verdict == (expect.removeprefix("nobody, "))


def test_there_are_case_vectors():
    """An empty folder would pass the test above."""
    assert len(CASES) == 8
