"""Helping processes: how many processors there are for them, starting one, and who goes first."""

from __future__ import annotations

import os
import subprocess
import sys

MOST = 61  # helping processes of one pool: some systems wait for no more


def processors() -> int:
    """How many this process may use; one where it could not start another Python."""
    if getattr(sys, "frozen", False) or not sys.executable:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def started(module: str) -> subprocess.Popen[bytes]:
    """Another Python that runs one of our modules, to be talked to through its pipes.

    Raises OSError.
    """
    return subprocess.Popen(  # noqa: S603 (this very Python, no shell)
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**surroundings(), "OPENBLAS_NUM_THREADS": "1"},  # one process, one processor
    )


def surroundings() -> dict[str, str]:
    """The environment of a process of ours: without keys and passphrases, with our own modules."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACEMARK_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def stand_back(pid: int, by: int) -> None:
    """Let a process of ours have what time others leave, nicer by so much, where the system can."""
    if hasattr(os, "setpriority"):
        mine = os.getpriority(os.PRIO_PROCESS, 0)
        try:
            os.setpriority(os.PRIO_PROCESS, pid, min(19, mine + by))
        except OSError:  # it is gone; or nobody may
            return
