"""The contract of every carrier, to be inherited: override the four methods and `hosts`."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import Profile

PROFILE = Profile(name="test", biased=2048, uniform=1024, planes=2)
KEY = EpochKey(1, b"the carrier contract's first key")
OTHER = EpochKey(1, b"the carrier contract's other key")
BOOK = Codebook(KEY, PROFILE)


class CarrierContract:
    """What a carrier promises, whatever it hides its chips in."""

    hosts: Sequence[Any]
    least_slots = 1000  # over all hosts, for the statistical claims

    def embed(self, host: Any, codeword: NDArray[np.uint8], key: EpochKey) -> Any:
        raise NotImplementedError

    def read(
        self, copy: Any, key: EpochKey
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """Slots, positions and chips, as in a `Reading`."""
        raise NotImplementedError

    def clean(self, copy: Any) -> Any:
        raise NotImplementedError

    def _agreement(self, copies: Sequence[Any], key: EpochKey, recipient: str) -> tuple[int, int]:
        """Distinct slots read, and how many of them show the recipient's codeword."""
        codeword = BOOK.codeword(recipient)
        shown: dict[int, bool] = {}
        for copy in copies:
            slots, positions, chips = self.read(copy, key)
            agree = (chips > 0) == (codeword[positions] == 1)
            shown.update(zip(slots.tolist(), agree.tolist(), strict=True))
        assert len(shown) >= self.least_slots
        return len(shown), sum(shown.values())

    def _assert_fair(self, agreed: int, slots: int) -> None:
        # four standard deviations: one fixed seed, chance 6e-5 of failing if the claim is true
        assert abs(agreed - slots / 2) <= 4 * sqrt(slots) / 2

    def test_unmarked_reads_as_fair_coins(self) -> None:
        """Hosts without a mark agree with any codeword at half of their slots."""
        for recipient in ("a", "b", "c"):
            slots, agreed = self._agreement(self.hosts, KEY, recipient)
            self._assert_fair(agreed, slots)

    def test_wrong_key_reads_as_noise(self) -> None:
        """Under another key a marked copy reads as an unmarked host."""
        copies = [self.embed(host, BOOK.codeword("a"), KEY) for host in self.hosts]
        slots, agreed = self._agreement(copies, OTHER, "a")
        self._assert_fair(agreed, slots)

    def test_reads_back_exactly(self) -> None:
        """What is read from an untouched copy is the recipient's codeword, at every slot."""
        copies = [self.embed(host, BOOK.codeword("a"), KEY) for host in self.hosts]
        slots, agreed = self._agreement(copies, KEY, "a")
        assert agreed == slots

    def test_clean_forgets_the_mark(self) -> None:
        """A marked copy and its host have the same canonical form."""
        for host in self.hosts:
            assert self.clean(self.embed(host, BOOK.codeword("a"), KEY)) == self.clean(host)

    def test_embedding_twice_equals_embedding_once(self) -> None:
        """Marking a marked copy for the same recipient changes nothing."""
        for host in self.hosts:
            once = self.embed(host, BOOK.codeword("a"), KEY)
            assert self.embed(once, BOOK.codeword("a"), KEY) == once

    def test_marking_again_replaces_the_mark(self) -> None:
        """A copy that is marked for another recipient shows the other's codeword alone."""
        copies = [
            self.embed(self.embed(host, BOOK.codeword("a"), KEY), BOOK.codeword("b"), KEY)
            for host in self.hosts
        ]
        slots, agreed = self._agreement(copies, KEY, "b")
        assert agreed == slots

    def test_embedding_is_deterministic(self) -> None:
        """The same host for the same recipient gives the same copy."""
        for host in self.hosts:
            first = self.embed(host, BOOK.codeword("a"), KEY)
            assert self.embed(host, BOOK.codeword("a"), KEY) == first
