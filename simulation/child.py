"""The headless runner as a child process: a case file goes in, reports and a summary come out.

Each run is a process of its own, because a worker that had computed with OpenMP threads could not
fork again, and because a process can be killed, watched and limited. The kernel kills it when the
worker dies, however that dies. No Django here.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twin.core.declare import Text
from twin.core.errors import TwinError
from twin.local.account import tethered

PROJECT = Path(__file__).resolve().parents[1]
GRACE_S = 5.0
POLL_S = 0.25
TAIL_BYTES = 4000
CANCELED_CODE = 3

NO_MEMORY = Text(
    "The run needs more memory than this machine has; take larger cells or a smaller area",
    "Lần chạy cần nhiều bộ nhớ hơn máy này có; hãy dùng ô lớn hơn hoặc phạm vi nhỏ hơn",
)
# What a traceback of the runner says -> what an officer can do about it.
CAUSES = {
    "No space left on device": Text(
        "The disk for results is full; remove old runs or other files, then run it again",
        "Ổ đĩa chứa kết quả đã đầy; hãy xóa các lần chạy cũ hoặc tệp khác rồi chạy lại",
    ),
    "Disk quota exceeded": Text(
        "The disk quota for results is used up; remove old runs, then run it again",
        "Hạn mức ổ đĩa cho kết quả đã hết; hãy xóa các lần chạy cũ rồi chạy lại",
    ),
    "MemoryError": NO_MEMORY,
    "Unable to allocate": NO_MEMORY,
}
TOO_LONG = Text(
    "The run took longer than runs may; take larger cells or a smaller area",
    "Lần chạy vượt quá thời gian cho phép; hãy dùng ô lớn hơn hoặc phạm vi nhỏ hơn",
)
KILLED = Text(
    "The system ended the computation, most likely because memory ran out; "
    "take larger cells or a smaller area",
    "Hệ thống đã ngắt việc tính toán, nhiều khả năng do hết bộ nhớ; "
    "hãy dùng ô lớn hơn hoặc phạm vi nhỏ hơn",
)


class Stopped(Exception):
    """The run was asked to stop before its end."""


def words_for(text: str) -> Text | None:
    """What to do about a failure whose report holds one of the known causes."""
    return next((advice for sign, advice in CAUSES.items() if sign in text), None)


def run_child(
    case: Path,
    out: Path,
    *,
    keep_going: Callable[[dict[str, Any]], bool],
    limit_s: float,
) -> dict[str, Any]:
    """Run a case to its end; returns its summary.

    `keep_going(report)` is asked a few times a second with the newest report ({} before the
    first); when it says no, the child is ended and Stopped raised. Raises TwinError with words
    where the run fails or lasts longer than `limit_s`.
    """
    log = case.parent / "runner.log"
    command = [sys.executable, "-P", "-m", "simulation.run", str(case), "--out", str(out)]
    with log.open("wb") as errors:
        child = subprocess.Popen(
            tethered([*command, "--progress-json"], "KILL"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=case.parent,
            env=child_environment(),
            start_new_session=True,
        )
    try:
        summary = _follow(child, keep_going, time.monotonic() + limit_s)
    finally:
        end(child)
    if child.returncode == 0 and summary is not None:
        return summary
    if child.returncode == CANCELED_CODE:
        raise Stopped
    trouble = _trouble(child.returncode, log)
    raise TwinError(trouble.en, vi=trouble.vi, code="run_failed")


def child_environment() -> dict[str, str]:
    """What a headless run finds in its environment: ours, and the project's packages."""
    paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _follow(
    child: subprocess.Popen[bytes], keep_going: Callable[[dict[str, Any]], bool], deadline: float
) -> dict[str, Any] | None:
    """Relay reports until the child ends; its summary, if it gave one."""
    reports: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(child, reports), daemon=True).start()
    newest: dict[str, Any] = {}
    summary = None
    open_ended = True
    while open_ended:
        with contextlib.suppress(queue.Empty):
            report = reports.get(timeout=POLL_S)
            while report is not None:
                newest = report
                summary = report.get("summary", summary)
                report = reports.get(block=False)
            open_ended = False
        if not keep_going(newest):
            raise Stopped
        if time.monotonic() > deadline:
            raise TwinError(TOO_LONG.en, vi=TOO_LONG.vi, code="too_long")
    child.wait()
    return summary


def _read(
    child: subprocess.Popen[bytes], reports: queue.SimpleQueue[dict[str, Any] | None]
) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        with contextlib.suppress(ValueError):
            report = json.loads(line)
            if isinstance(report, dict):
                reports.put(report)
    reports.put(None)


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started: first asked, then killed."""
    for number, patience in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, None)):
        if child.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    if child.stdout:
        child.stdout.close()


def _trouble(code: int, log: Path) -> Text:
    """Why the runner ended, for the person who asked for the run."""
    said = log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")
    if advice := words_for(said):
        return advice
    if code == -signal.SIGKILL:
        return KILLED
    lines = [line for line in said.splitlines() if line.strip()]
    worded = next((line for line in reversed(lines) if line.startswith("error: ")), None)
    if worded:
        # Paths of the run's own folder mean nothing to an officer.
        reason = worded.removeprefix("error: ").replace(f"{log.parent}{os.sep}", "")
        return Text(reason, f"Tính toán thất bại: {reason}")
    last = lines[-1] if lines else "–"
    return Text(
        f"The computation stopped with exit code {code} ({last}); tell the administrator",
        f"Tính toán dừng với mã thoát {code} ({last}); hãy báo cho quản trị viên",
    )
