"""The Celery side of a run: a queued run's id comes in, a published or failed run goes out."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings
from django.db import connection

from simulation import actions, child, forms, impacts, inputs, reaper, storage
from simulation.case_files import CASE, write_case
from simulation.scenarios import HEARTBEAT_S, Run
from simulation.warm import warm
from twin.celery import app
from twin.core.declare import Text
from twin.core.errors import TwinError

logger = logging.getLogger("twin.runs")

# Made before the pool forks, so its processes share the name by which a shutdown finds their runs.
WORKER = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
REPORT_S = 0.5
COMPUTED = (0.02, 0.9)  # the part of the progress bar that the computation fills
STARTING = Text("Starting the computation", "Đang chuẩn bị tính toán")
STORING = Text("Storing the results", "Đang lưu kết quả")
PUBLISHING = Text(
    "Publishing maps and finding what the water reaches",
    "Đang lập bản đồ ngập và thống kê thiệt hại",
)
UNKNOWN = Text(
    "The server failed while it prepared or published this run; the worker's log says why. "
    "Tell the administrator",
    "Máy chủ gặp lỗi khi chuẩn bị hoặc công bố lần chạy này; nguyên nhân có trong nhật ký của "
    "máy tính toán. Hãy báo cho quản trị viên",
)


@app.task(name="simulation.tasks.run_simulation")
def run_simulation(run_id: str) -> None:
    """Compute one queued run; a run that isn't queued any more is left as it is."""
    run = actions.start_run(run_id=uuid.UUID(run_id), worker=WORKER)
    if run is None:
        logger.info("Run %s is not queued; nothing to do", run_id)
        return
    try:
        with heartbeat(run):
            compute(run)
    except (actions.Superseded, child.Stopped):
        storage.remove(run.results_url)
    except BaseException as error:
        storage.remove(run.results_url)
        actions.fail_run(run=run, error=words(error))
        if not isinstance(error, TwinError):
            logger.exception("Run %s failed", run_id)
        if not isinstance(error, Exception):
            raise
    finally:
        storage.remove_scratch(str(run.id))


@app.task(name="simulation.tasks.reap")
def reap() -> None:
    """Look after runs that nobody computes any more."""
    reaper.reap()


def compute(run: Run) -> None:
    """Inputs, computation, results, publication. Raises Superseded or Stopped on cancel."""
    form = forms.StormForm.model_validate(run.scenario.form)
    terrain = inputs.current_terrain()
    grid = inputs.model_grid(form, terrain)
    folder = storage.make_scratch(str(run.id))
    case = folder / "case"
    case.mkdir()
    write_case(form, grid, terrain, case)
    ground = impacts.read_ground(case, terrain.epsg)
    summary = child.run_child(
        case / CASE,
        folder / "results",
        keep_going=Relay(run, form.duration_s),
        limit_s=settings.LONGEST_RUN_S,
    )
    _step(run, COMPUTED[1], STORING)
    storage.zip_case(case, folder / "results" / "case.zip")
    storage.store(folder / "results", run.results_url)
    _step(run, 0.94, PUBLISHING)
    actions.finish_run(run=run, summary=summary, results=run.results_url, grid=grid, ground=ground)


def _step(run: Run, progress: float, message: Text) -> None:
    if not actions.report_progress(run=run, progress=progress, message=message):
        raise actions.Superseded


class Relay:
    """Turns the child's reports into progress, twice a second at most; False ends the child."""

    def __init__(self, run: Run, duration_s: float):
        self.run, self.duration_s = run, duration_s
        self.asked = 0.0

    def __call__(self, report: dict[str, Any]) -> bool:
        """Whether the run is still this worker's to compute."""
        if time.monotonic() - self.asked < REPORT_S:
            return True
        self.asked = time.monotonic()
        fraction = float(report.get("fraction", 0.0))
        first, last = COMPUTED
        message = STARTING
        if fraction > 0:
            done = forms.span(round(fraction * self.duration_s / 60) * 60)
            whole = forms.span(self.duration_s)
            message = Text(
                f"{done.en} of {whole.en} computed", f"Đã tính {done.vi} trên {whole.vi}"
            )
        progress = first + (last - first) * fraction
        if (progress, message.as_dict()) == (self.run.progress, self.run.message):
            return actions.beat(run=self.run)
        return actions.report_progress(run=self.run, progress=progress, message=message)


@contextmanager
def heartbeat(run: Run) -> Iterator[None]:
    """Keep a run's heartbeat while the body runs, whatever the body waits for."""
    done = threading.Event()

    def keep() -> None:
        try:
            while not done.wait(HEARTBEAT_S):
                if not actions.beat(run=run):
                    return
        except Exception:  # the reaper has the last word on a run without a heartbeat
            logger.exception("Run %s lost its heartbeat", run.id)
        finally:
            connection.close()

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def words(error: BaseException) -> Text:
    """Why a run failed, for the person who asked for it."""
    if isinstance(error, TwinError):
        return error.text
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return actions.SHUT_DOWN
    return child.words_for(f"{type(error).__name__}: {error}") or UNKNOWN


def tell_apart(record: logging.LogRecord) -> bool:
    """Drop the four lines a minute, each, that say that the reaper came by."""
    return record.levelno > logging.INFO or reap.name not in record.getMessage()


for _name in ("celery.beat", "celery.worker.strategy", "celery.app.trace"):
    logging.getLogger(_name).addFilter(tell_apart)


@worker_ready.connect
def look_after_runs(**_: Any) -> None:
    """A worker that starts looks first for what others left behind, then compiles ahead."""

    def work() -> None:
        reaper.reap()
        warm(Path(settings.TWIN_DATA) / "cache")

    _in_thread(work)


@worker_shutting_down.connect
def give_up(**_: Any) -> None:
    """On shutdown give up this worker's runs: their tasks see it and end their children."""
    _in_thread(lambda: actions.abandon_runs(worker=WORKER))


def _in_thread(action: Any) -> None:
    """Signals arrive between any two lines of the main thread: use another's connection."""

    def work() -> None:
        try:
            action()
        except Exception:
            logger.exception("Looking after the runs failed")
        finally:
            connection.close()

    # Not waited for at exit: a shutdown must not wait for a compiler.
    threading.Thread(target=work, daemon=True).start()
