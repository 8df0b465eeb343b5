"""Bare waybill numbers held against who had access: writes docs/results-access.md.

    python -m benchmarks.access --trials 200 --index 10 100 --decoys 50 -o docs/results-access.md

Simulated traffic of ten days among 10,000 accounts: shops, stations and their desks by shift,
sorting hubs by shift, couriers with their streets, customer service. One account sells 30 bare
numbers; what the ledger says about them is held against who truly had them in hand.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np

import tracemark
from benchmarks.common import N, recipient, some_candidates, wilson
from tracemark import accessing, seeding
from tracemark.codeword import Codebook
from tracemark.ledger.custody import Custody

STATIONS, HUBS, DAYS = 400, 20, 10
SHOPS, DESKS, COURIERS = 8, 4, 10  # at each station
SORTERS, AGENTS = 20, 400  # at each hub; of customer service
LEAKED = 30


@dataclass
class Traffic:
    """Who truly had which parcel.

    names : accounts; kinds : what each is; holder, parcel, day : one entry for each time that an
    account had a parcel, ordered by holder.
    """

    names: list[str]
    kinds: np.ndarray
    holder: np.ndarray
    parcel: np.ndarray
    day: np.ndarray
    parcels: int

    def of(self, account: int) -> tuple[np.ndarray, np.ndarray]:
        start, end = np.searchsorted(self.holder, [account, account + 1])
        return self.parcel[start:end], self.day[start:end]


def traffic(rng: np.random.Generator, parcels: int) -> Traffic:
    names: list[str] = []
    kinds: list[str] = []

    def accounts(kind: str, count: int) -> int:
        first = len(names)
        names.extend(f"{kind}:{number:05d}" for number in range(count))
        kinds.extend([kind] * count)
        return first

    station = accounts("station", STATIONS)
    shop = accounts("shop", STATIONS * SHOPS)
    desk = accounts("desk", STATIONS * DESKS)
    courier = accounts("courier", STATIONS * COURIERS)
    sorter = accounts("sorter", HUBS * SORTERS)
    agent = accounts("agent", AGENTS)
    day = rng.integers(0, DAYS, parcels)
    # stations and shops differ in size, and parcels go to near stations more often
    weights = rng.gamma(2.0, 1.0, STATIONS)
    origin = rng.choice(STATIONS, parcels, p=weights / weights.sum())
    near = (origin // 20) * 20 + rng.integers(0, 20, parcels)
    target = np.where(
        rng.random(parcels) < 0.3, near, rng.choice(STATIONS, parcels, p=weights / weights.sum())
    )
    size = rng.gamma(1.0, 1.0, (STATIONS, SHOPS))
    share = np.cumsum(size / size.sum(axis=1, keepdims=True), axis=1)
    of_shop = (share[origin] < rng.random(parcels)[:, None]).sum(axis=1).clip(max=SHOPS - 1)

    def on_shift(team: np.ndarray, crew: int, shifts: int, days: np.ndarray) -> np.ndarray:
        """One of the crew that works that shift; crews rotate from day to day."""
        shift = rng.integers(0, shifts, len(team))
        each = crew // shifts
        return team * crew + (shift + days) % shifts * each + rng.integers(0, each, len(team))

    street = rng.integers(0, COURIERS, parcels)
    relieved = (street + 1) % COURIERS  # on a courier's day off the next one takes the street
    off = (street + day) % 7 == 0
    after = np.minimum(day + 1, DAYS - 1)
    seen = [
        (station + origin, day),
        (shop + origin * SHOPS + of_shop, day),
        (desk + on_shift(origin, DESKS, 2, day), day),
        (sorter + on_shift(origin // 20, SORTERS, 4, day), day),
        (sorter + on_shift(target // 20, SORTERS, 4, after), after),
        (station + target, after),
        (desk + on_shift(target, DESKS, 2, after), after),
        (courier + target * COURIERS + np.where(off, relieved, street), after),
    ]
    holder = np.concatenate([who for who, _ in seen])
    parcel = np.tile(np.arange(parcels), len(seen))
    days = np.concatenate([when for _, when in seen])
    asked = rng.choice(parcels, parcels // 40)
    holder = np.concatenate([holder, agent + rng.integers(0, AGENTS, len(asked))])
    parcel, days = np.concatenate([parcel, asked]), np.concatenate([days, after[asked]])
    order = np.lexsort((parcel, holder))
    return Traffic(names, np.array(kinds), holder[order], parcel[order], days[order], parcels)


def number(parcel: int) -> str:
    return f"YT{7_000_000_000_000 + parcel * 7919}"


def recorded(
    folder: Path, world: Traffic, rng: np.random.Generator, missing: float
) -> tracemark.Vault:
    """A vault that has seen the traffic: shops and stations by issues, all others by custody."""
    vault = tracemark.Vault.create(folder)
    vault.add_recipients(world.names)
    from tracemark.ledger import Fingerprinter

    prints = Fingerprinter(vault._keys[-1]).waybills([number(p) for p in range(world.parcels)])
    custody = []
    for account, name in enumerate(world.names):
        parcel, day = world.of(account)
        kept = rng.random(len(parcel)) >= missing
        parcel, day = parcel[kept], day[kept]
        if world.kinds[account] in ("shop", "station"):
            vault._ledger.issue_at_once(
                name,
                "rows",
                profile=vault.profile.name,
                epoch=1,
                policy="plain",
                rows=len(parcel),
                fingerprints={"waybill": prints[parcel]},
            )
            continue
        for one in np.unique(day).tolist():
            when = f"2026-03-{one + 1:02d}"
            custody.append(Custody(name, "scan", when, prints[parcel[day == one]]))
    vault._ledger.record_custody(1, custody, set())
    return vault


def leak(world: Traffic, rng: np.random.Generator) -> tuple[int, np.ndarray, str]:
    """An account that had 30 parcels at least, and 30 of them: of one day, or of all."""
    while True:
        kind = rng.choice(["shop", "desk", "courier", "sorter", "agent"])
        account = int(rng.choice(np.flatnonzero(world.kinds == kind)))
        parcel, day = world.of(account)
        parcel, first = np.unique(parcel, return_index=True)
        if rng.random() < 0.5:  # a batch of one or two days
            parcel = parcel[(day[first] // 2) == rng.integers(0, DAYS // 2)]
        if len(parcel) >= LEAKED:
            return account, rng.choice(parcel, LEAKED, replace=False), kind


@contextlib.contextmanager
def all_named() -> Iterator[None]:
    """Names are withheld above ten; here every member of a set has to be seen."""
    with mock.patch.multiple(accessing, NAMED=1 << 30, EVENTS=0):
        yield


def two_sources(
    vault: tracemark.Vault, world: Traffic, rng: np.random.Generator, trials: int
) -> str:
    """Two accounts leak half of the numbers each; both should be in the sets."""
    both = pairs = 0
    sizes = []
    for _ in range(trials):
        leaks = [leak(world, rng) for _ in range(2)]
        texts = [number(one) for _, parcel, _ in leaks for one in parcel[: LEAKED // 2]]
        with all_named():
            access = vault.trace("\n".join(rng.permutation(texts))).access
        assert access is not None
        names = {world.names[account] for account, _, _ in leaks}
        both += names <= {one for some in access.sets for one in some}
        pairs += access.smallest == 2
        sizes.append(access.alternatives)
    low, high = wilson(both, trials)
    return (
        f"Two accounts, 15 numbers each, clean: both in a smallest set in {both} of {trials} "
        f"({low:.1%}–{high:.1%}); the smallest sets have two members in {pairs}, and there are "
        f"{np.median(sizes):.0f} of them (median; most {max(sizes)})."
    )


CONDITIONS = {
    "clean": (0.0, 0, 0),
    "3 of 30 unknown to the ledger": (0.0, 3, 0),
    "3 of 30 of somebody else": (0.0, 0, 3),
    "10 % of the custody missing": (0.1, 0, 0),
    "10 % missing, 3 of 30 unknown": (0.1, 3, 0),
}


def simulate(trials: int, parcels: int, seed: int) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    world = traffic(rng, parcels)
    yield (
        f"{len(world.names):,} accounts, {parcels:,} parcels in {DAYS} days, {len(world.parcel):,} "
        f"times that an account had a parcel; {trials} leaks of {LEAKED} bare numbers each, by "
        "shops, desks, couriers, sorters and agents in equal parts; fresh seed."
    )
    yield ""
    yield (
        "| condition | in a smallest set | alone fits | alone truly had all | named in the report "
        "| first of those that fit | median that fit | most | seconds, median |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    by_kind: dict[str, list[tuple[bool, bool, bool, int]]] = {}
    with tempfile.TemporaryDirectory() as name:
        vaults = {
            missing: recorded(Path(name) / str(missing), world, rng, missing)
            for missing in {one[0] for one in CONDITIONS.values()}
        }
        for condition, (missing, foreign, others) in CONDITIONS.items():
            inside, alone, truly, first, named, sizes, seconds = 0, 0, 0, 0, 0, [], []
            for _ in range(trials):
                account, parcel, kind = leak(world, rng)
                owners = np.bincount(
                    world.holder[np.isin(world.parcel, parcel)], minlength=len(world.names)
                )
                texts = [number(one) for one in parcel]
                for place in range(foreign):
                    texts[place] = f"YT{rng.integers(9 * 10**12, 10**13)}"
                for place in range(foreign, foreign + others):
                    texts[place] = number(int(rng.integers(0, parcels)))
                start = time.perf_counter()
                with all_named():
                    case = vaults[missing].trace("\n".join(rng.permutation(texts)))
                seconds.append(time.perf_counter() - start)
                assert case.verdict == "no mark" and case.access is not None
                fits = {one for some in case.access.sets for one in some}
                me = world.names[account]
                inside += me in fits
                only = fits == {me}
                alone += only
                solitary = int(np.count_nonzero(owners >= LEAKED)) == 1
                truly += solitary
                named += me in fits and len(fits) <= accessing.NAMED
                leads = bool(case.access.holders) and case.access.holders[0].recipient == me
                first += leads
                sizes.append(len(fits))
                if condition == "clean":
                    by_kind.setdefault(kind, []).append((only, solitary, leads, len(fits)))
            low, high = wilson(inside, trials)
            yield (
                f"| {condition} | {inside} of {trials} ({low:.1%}–{high:.1%}) | {alone} | {truly} "
                f"| {named} | {first} | {np.median(sizes):.0f} | {max(sizes)} "
                f"| {np.median(seconds):.2f} |"
            )
        again = two_sources(vaults[0.0], world, rng, trials)
    yield ""
    yield again
    yield ""
    yield "Clean leaks by the kind of account:"
    yield ""
    yield "| account | leaks | alone fits | truly alone | first that fits | median that fit |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for kind, seen in sorted(by_kind.items()):
        only, solitary, leads, count = zip(*seen, strict=True)
        yield (
            f"| {kind} | {len(seen)} | {sum(only)} | {sum(solitary)} | {sum(leads)} "
            f"| {np.median(count):.0f} |"
        )


def decoys(trials: int) -> Iterator[str]:
    """How many found decoys name a recipient among a million; the pool has 800."""
    rng = random.SystemRandom()
    pool = [{"手机": f"1{number}"} for number in rng.sample(range(3 * 10**9, 10**10), 800)]
    yield "| decoys found | named | anyone else named |"
    yield "| --- | --- | --- |"
    with (
        tempfile.TemporaryDirectory() as name,
        tracemark.Vault.create(Path(name) / "vault") as vault,
    ):
        vault.add_recipients(recipient(k) for k in range(N))
        vault.add_decoys(pool)
        key, profile = vault._keys[-1], vault.profile
        held = seeding.load(vault.path, vault._ledger)
        for count in (8, 10, 11, 12, 14, 16):
            named = wrong = 0
            for _ in range(trials):
                to = recipient(rng.randrange(N))
                codeword = Codebook(key, profile).codeword(to)
                dealt = held.dealt_to(codeword, key.derive("slots/decoy"), profile)
                found = "\n".join(row["手机"] for row in rng.sample(dealt, count))
                with some_candidates(to, rng=random.Random(rng.random()), all_of_them=False):
                    accused = {one.recipient for one in vault.trace(found).accusations}
                named += to in accused
                wrong += len(accused - {to})
            low, high = wilson(named, trials)
            yield f"| {count} | {named} of {trials} ({low:.0%}–{high:.0%}) | {wrong} |"


def index(millions: int, each: int) -> str:
    """A ledger of so many million custody records, and how long a look-up of 30 takes."""
    rng = np.random.default_rng()
    accounts = [f"acct:{number:05d}" for number in range(10_000)]
    with tempfile.TemporaryDirectory() as name:
        with tracemark.Vault.create(Path(name) / "vault") as vault:
            vault.add_recipients(accounts)
            held = rng.integers(1, 2**64, (1 << 20), np.uint64)
            start = time.perf_counter()
            left = millions * 1_000_000 // each
            while left:
                some = min(left, 10_000)
                groups = [
                    Custody(accounts[k], "scan", f"{left}", rng.integers(1, 2**64, each, np.uint64))
                    for k in range(some)
                ]
                held = groups[0].waybills[:10]
                vault._ledger.record_custody(1, groups, set())
                left -= some
            writing = time.perf_counter() - start
        size = sum(one.stat().st_size for one in (Path(name) / "vault").iterdir())
        with tracemark.Vault.open(Path(name) / "vault") as vault:
            times = []
            for _ in range(3):
                start = time.perf_counter()
                wanted = np.concatenate([held, rng.integers(1, 2**64, 20, np.uint64)])
                found = vault._ledger.handled("custody/waybill", 1, wanted)
                times.append(time.perf_counter() - start)
                assert len(found.value) == 10
    told = f"{millions} million, {each:,} in an entry | {size / 1e9:.2f} GB | {writing:.0f} s"
    return f"| {told} | {times[0]:.1f} s | {min(times[1:]):.1f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--index", type=int, nargs="*", default=[], metavar="MILLIONS")
    parser.add_argument("--each", type=int, default=1000, help="custody records in an entry")
    parser.add_argument("--decoys", type=int, default=0, metavar="TRIALS")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 40)
    lines = ["# Access evidence", ""]
    if options.trials:
        lines += simulate(options.trials, options.parcels, seed)
    if options.index:
        lines += [
            "",
            "The index of custody records, 10,000 accounts:",
            "",
            "| records | ledger | written in | first look-up of 30 | again |",
            "| --- | --- | --- | --- | --- |",
            *(index(millions, options.each) for millions in options.index),
        ]
    if options.decoys:
        lines += [
            "",
            f"Decoys among {N:,} recipients at alpha 1e-6; only their phones leaked, fresh seeds:",
            "",
            *decoys(options.decoys),
        ]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
