"""Changes to runs: each action is one transaction, and tells every browser once it is committed.

A run that is being computed belongs to the holder of its attempt token. Whatever a worker writes
is refused (False, or Superseded) once the run was canceled or given up, so a worker that comes
back from the dead changes nothing.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

from django.contrib.gis.geos import Polygon
from django.db import transaction
from django.utils import timezone

from simulation import forms, impacts, inputs, storage
from simulation.scenarios import Run, Scenario
from tiles.products import publish_depth
from twin.core import outbox
from twin.core.declare import Text
from twin.core.errors import Conflict, NotFound
from twin.core.grid import Grid
from twin.core.products import RasterProduct

logger = logging.getLogger("twin.runs")

LONGEST_ERROR = 800  # characters; both languages must fit into one live event
WAITING = Text("Waiting for a worker", "Đang chờ máy tính toán")
READING = Text("Reading the terrain", "Đang đọc địa hình")
DONE = Text("Done", "Đã xong")
FAILED = Text("Failed", "Bị lỗi")
SHUT_DOWN = Text(
    "The worker that computed this run was shut down; run it again",
    "Máy tính toán lần chạy này đã được tắt; hãy chạy lại",
)
STOPPED = Text(
    "The worker that computed this run stopped; run it again",
    "Máy tính toán lần chạy này đã dừng; hãy chạy lại",
)


class Superseded(Exception):
    """The run no longer belongs to this attempt: it was canceled or given up."""


@transaction.atomic
def request_run(*, form: forms.StormForm, requested_by: str) -> Run:
    """Queue a storm; raises BadInput or Conflict with the field that is wrong."""
    forms.check(form)
    terrain = inputs.current_terrain()
    grid = inputs.model_grid(form, terrain)
    inputs.check_places(form, grid)
    scenario = Scenario.keep(title=form.title, form=form.as_posted(), created_by=requested_by)
    run = Run.objects.create(
        scenario=scenario,
        title=form.title,
        requested_by=requested_by,
        requested_at=timezone.now(),
        sent_at=timezone.now(),
        message=WAITING.as_dict(),
        area=Polygon(inputs.outline(grid)),
        cell_m=form.cell_m,
        duration_s=form.duration_s,
        grid={"crs": grid.crs, "transform": grid.transform, "shape": grid.shape},
    )
    outbox.emit_on_commit("run", run.state())
    transaction.on_commit(lambda: send(run.id))
    return run


def send(run_id: uuid.UUID) -> None:
    """Give a run to the queue; where Redis does not answer, the reaper tries again."""
    from kombu.exceptions import OperationalError

    from simulation.tasks import run_simulation

    try:
        run_simulation.apply_async([str(run_id)], retry=False)
    except OperationalError as error:
        logger.warning("Run %s waits: the queue does not answer (%s)", run_id, error)
        Run.objects.filter(id=run_id, status=Run.QUEUED).update(sent_at=None)


@transaction.atomic
def start_run(*, run_id: uuid.UUID, worker: str) -> Run | None:
    """Claim a queued run for one attempt; None where it isn't queued (any more)."""
    now = timezone.now()
    changes: dict[str, Any] = {
        "status": Run.RUNNING,
        "attempt": uuid.uuid4(),
        "worker": worker,
        "started_at": now,
        "heartbeat_at": now,
        "message": READING.as_dict(),
    }
    if not Run.objects.filter(id=run_id, status=Run.QUEUED).update(**changes):
        return None
    run = Run.objects.select_related("scenario").get(id=run_id)
    outbox.emit_on_commit("run", run.state())
    return run


@transaction.atomic
def report_progress(*, run: Run, progress: float, message: Text) -> bool:
    """Write and tell how far an attempt is; False where the run is no longer its own."""
    run.progress, run.message = min(max(progress, 0.0), 1.0), message.as_dict()
    held = _mine(run).update(
        progress=run.progress, message=run.message, heartbeat_at=timezone.now()
    )
    if held:
        outbox.emit_on_commit("run", run.state())
    return bool(held)


def beat(*, run: Run) -> bool:
    """Say that an attempt is alive; False where the run is no longer its own."""
    return bool(_mine(run).update(heartbeat_at=timezone.now()))


def _mine(run: Run) -> Any:
    return Run.objects.filter(id=run.id, status=Run.RUNNING, attempt=run.attempt)


@transaction.atomic
def finish_run(
    *, run: Run, summary: dict[str, Any], results: str, grid: Grid, ground: impacts.Ground
) -> Run:
    """Publish a computed run: products, impacts and summary appear together or not at all.

    `results`: path or URL of the folder that holds results.zarr. Raises Superseded.
    """
    publish_depth(run_id=str(run.id), results=results, created_by=run.requested_by)
    impacts.assess(run=run, results=results, grid=grid, ground=ground)
    run.status, run.progress, run.message = Run.DONE, 1.0, DONE.as_dict()
    run.finished_at = timezone.now()
    run.summary, run.results = summary, results
    held = _mine(run).update(
        status=run.status,
        progress=run.progress,
        message=run.message,
        finished_at=run.finished_at,
        summary=summary,
        results=results,
    )
    if not held:
        raise Superseded
    outbox.emit_on_commit("run", run.state())
    return run


@transaction.atomic
def fail_run(*, run: Run, error: Text) -> bool:
    """Give an attempt up with words; False where the run is no longer its own."""
    held = _mine(run).update(
        status=Run.FAILED,
        error=Text(error.en[:LONGEST_ERROR], error.vi[:LONGEST_ERROR]).as_dict(),
        message=FAILED.as_dict(),
        finished_at=timezone.now(),
    )
    if held:
        run.refresh_from_db()
        outbox.emit_on_commit("run", run.state())
    return bool(held)


@transaction.atomic
def cancel_run(*, run_id: uuid.UUID, canceled_by: str) -> Run:
    """End a queued or running run; its worker stops within a second. Raises Conflict, NotFound."""
    said = Text(f"Canceled by {canceled_by}", f"{canceled_by} đã hủy")
    held = Run.objects.filter(id=run_id, status__in=Run.OPEN).update(
        status=Run.CANCELED, message=said.as_dict(), finished_at=timezone.now()
    )
    run = Run.objects.select_related("scenario").filter(id=run_id).first()
    if run is None:
        raise NotFound(
            f"There is no run {run_id}", vi=f"Không có lần chạy {run_id}", code="no_such_run"
        )
    if not held:
        raise Conflict(
            f'The run "{run.title}" is already {run.status_words.en}',
            vi=f"Lần chạy “{run.title}” {run.status_words.vi} rồi",
            code="run_ended",
        )
    outbox.emit_on_commit("run", run.state())
    return run


@transaction.atomic
def delete_run(*, run: Run) -> None:
    """Remove an ended run with its products, impacts and files. Raises Conflict."""
    held = Run.objects.select_for_update().filter(id=run.id).first()
    if held is None:
        return
    if held.status in Run.OPEN:
        raise Conflict(
            f'"{run.title}" is {held.status_words.en}; cancel it first',
            vi=f"“{run.title}” {held.status_words.vi}; hãy hủy lần chạy này trước",
            code="run_open",
        )
    RasterProduct.objects.filter(run_id=str(run.id)).delete()
    Run.objects.filter(id=run.id).delete()
    transaction.on_commit(lambda: storage.remove(held.results or held.results_url))


@transaction.atomic
def abandon_runs(*, worker: str) -> int:
    """Fail what a worker computes that is being shut down; the number of runs."""
    return _give_up(Run.objects.filter(status=Run.RUNNING, worker=worker), SHUT_DOWN)


@transaction.atomic
def fail_stale_runs() -> int:
    """Fail runs whose worker died without a word; the number of runs."""
    return _give_up(Run.objects.stale(), STOPPED)


def _give_up(runs: Any, error: Text) -> int:
    given_up = list(runs.select_for_update(skip_locked=True))
    for run in given_up:
        run.status, run.error, run.message = Run.FAILED, error.as_dict(), FAILED.as_dict()
        run.finished_at = timezone.now()
        run.save(update_fields=["status", "error", "message", "finished_at"])
        outbox.emit_on_commit("run", run.state())
        logger.warning("Run %s: %s", run.id, error.en)
    return len(given_up)
