"""`python -m simulation.run CASE.toml --out DIR --progress-json`: one flood in its own process.

One JSON line a report goes to stdout: {"fraction", "t" [s], "message"}, the last one with
"summary".
SIGTERM and SIGINT cancel the run. Exits 0 when done, 1 failed, 2 bad input, 3 canceled; the error
goes to stderr in one line.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from twin.core.errors import TwinError


def run_case(
    path: str,
    out: str,
    *,
    backend: str | None = None,
    threads: int | None = None,
    progress: Callable[[float, str], object] = lambda fraction, message: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Run a case file; `backend` and `threads` outrank the file's. Returns the summary."""
    from simulation.driver import run
    from simulation.flood.case import load_case
    from simulation.flood.model import Flood
    from simulation.flood.terrain import load_inputs

    case = load_case(path)
    params = dataclasses.replace(
        case.params,
        backend=backend or case.params.backend,
        threads=threads or case.params.threads,
    )
    return run(Flood(), load_inputs(case), params, out, progress, cancelled)


def stop_on_signals() -> Callable[[], bool]:
    """A function that says whether SIGTERM or SIGINT has come since."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped.is_set


def main(argv: Sequence[str] | None = None) -> int:
    """Run one case as a child process; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulation.run", description=__doc__)
    parser.add_argument("case", metavar="CASE.toml")
    parser.add_argument("--out", required=True, metavar="DIR", help="a folder or fsspec URL")
    parser.add_argument("--progress-json", action="store_true", help="report on stdout")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--backend")
    args = parser.parse_args(argv)
    cancelled = stop_on_signals()

    def say(**report: Any) -> None:
        if args.progress_json:
            print(json.dumps(report), flush=True)

    try:
        from simulation.flood.case import load_case

        duration = load_case(args.case).params.duration
        say(fraction=0.0, t=0.0, message="starting")
        summary = run_case(
            args.case,
            args.out,
            backend=args.backend,
            threads=args.threads,
            progress=lambda fraction, message: say(
                fraction=round(fraction, 6), t=round(fraction * duration, 3), message=message
            ),
            cancelled=cancelled,
        )
    except TwinError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    say(fraction=1.0, t=duration, message="done", summary=summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
