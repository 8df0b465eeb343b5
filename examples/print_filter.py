#!/usr/bin/env python3
"""A CUPS filter that marks labels on their way to the printer; a CUPS backend as well.

As a filter, in the queue's PPD or as its System V interface script, it is called

    print_filter.py JOB USER TITLE COPIES OPTIONS [FILE] > marked

and as a backend it wraps the one that sends: installed as ``tracemark`` in CUPS's folder of
backends, ``lpadmin -p zebra-1 -v tracemark:socket://10.0.0.5`` marks whatever the queue prints.
The environment (``SetEnv`` in cups-files.conf) holds

    TRACEMARK_VAULT      the vault, readable by the user that CUPS runs filters as
    TRACEMARK_QUEUES     queue=recipient …, as in "zebra-1=station:YW-012"; by default station:QUEUE

A label is a PNG, JPEG, BMP, TIFF or PDF file, and whatever else `mark_label_file` knows. The job
option ``waybill=NUMBER`` binds the mark to its number. What cannot be marked is not printed:
nothing goes to stdout, stderr says why, and the status is 1; of a backend it is 3 (the job is held)
or, where no job could be marked, 4 (the queue stops).
"""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import tracemark

FAILED, HOLD, STOP = 1, 3, 4  # what CUPS understands
_SCHEME = "tracemark:"


def marked(data: bytes, options: str, queue: str) -> tuple[bytes, str]:
    """The job's data with the mark of the queue's station, and a line about it."""
    known = dict(pair.split("=", 1) for pair in os.environ.get("TRACEMARK_QUEUES", "").split())
    recipient = known.get(queue, f"station:{queue}")
    asked = dict(part.partition("=")[::2] for part in shlex.split(options))
    sink = io.BytesIO()
    with tracemark.Vault.open(os.environ.get("TRACEMARK_VAULT", "tracemark-vault")) as vault:
        count = vault.mark_label_file(
            io.BytesIO(data), sink, to=recipient, waybill=asked.get("waybill"), name="the job"
        )
    return sink.getvalue(), f"{count} marked for {recipient}"


def send(data: bytes, device: str, arguments: list[str]) -> int:
    """Hand the marked job to the backend that sends it. Returns its status."""
    backend = Path(os.environ.get("CUPS_SERVERBIN", "/usr/lib/cups")) / "backend"
    with tempfile.NamedTemporaryFile() as file:  # so that the backend prints the copies asked for
        file.write(data)
        file.flush()
        return subprocess.run(  # noqa: S603
            [backend / device.partition(":")[0], *arguments[:5], file.name],
            env={**os.environ, "DEVICE_URI": device},
            check=False,
        ).returncode


def main(arguments: list[str]) -> int:
    """Do one job. Returns the exit status."""
    if not arguments:  # CUPS asks every backend what it can reach
        print(f'network {_SCHEME} "Unknown" "tracemark: marks labels, then sends them on"')
        return 0
    if len(arguments) not in (5, 6):
        print("ERROR: usage: job user title copies options [file]", file=sys.stderr)
        return FAILED
    device = os.environ.get("DEVICE_URI", "")
    wraps = device.startswith(_SCHEME)
    queue = os.environ.get("PRINTER", "")
    try:
        data = Path(arguments[5]).read_bytes() if len(arguments) == 6 else sys.stdin.buffer.read()
        data, done = marked(data, arguments[4], queue)
    except (tracemark.VaultError, tracemark.UnknownRecipient, tracemark.MissingExtra) as error:
        return refused(error, error.hint, STOP if wraps else FAILED)
    except tracemark.TracemarkError as error:
        return refused(error, error.hint, HOLD if wraps else FAILED)
    except (OSError, ValueError) as error:
        return refused(error, "check the job's file and options", HOLD if wraps else FAILED)
    print(f"INFO: {done}", file=sys.stderr)
    if wraps:
        return send(data, device.removeprefix(_SCHEME), arguments)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def refused(error: Exception, hint: str, status: int) -> int:
    """Say in CUPS's way why nothing is printed."""
    print(f"ERROR: not printed, not marked: {error}", file=sys.stderr)
    if hint:
        print(f"INFO: {hint}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
