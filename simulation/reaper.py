"""Looks after runs that nobody looks after: dead workers, lost queue entries, left-over folders.

Beat calls it every 15 s through a worker, and the web server does too, because the worker may be
what died. Every step is safe to repeat and to run twice at once.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from simulation import actions, storage
from simulation.scenarios import Run

logger = logging.getLogger("twin.runs")

INTERVAL_S = 15.0
# A queued run whose message may still be on its way is left alone for this long.
PATIENCE = timedelta(seconds=30)
SCRATCH_KEPT = timedelta(minutes=1)


def reap() -> None:
    """One round of all of it."""
    actions.fail_stale_runs()
    resend_lost()
    sweep()


def resend_lost() -> int:
    """Queue runs again whose message the queue no longer holds (Redis restarted); their number.

    A message too many does no harm: a run is claimed once.
    """
    now = timezone.now()
    waiting = Run.objects.filter(status=Run.QUEUED).filter(
        Q(sent_at=None) | Q(sent_at__lt=now - PATIENCE)
    )
    lost = list(waiting.order_by("requested_at").values_list("id", flat=True))
    if not lost or queue_length() > 0:
        return 0
    for run_id in lost:
        if Run.objects.filter(id=run_id, status=Run.QUEUED).update(sent_at=now):
            actions.send(run_id)
    return len(lost)


def queue_length() -> int:
    """Messages in the simulation queue that no worker has taken yet; 1 where Redis is away."""
    from kombu.exceptions import OperationalError

    from twin.celery import app

    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            return connection.default_channel._size("simulation")
    except (OperationalError, OSError):
        return 1  # nothing can be sent now


def sweep() -> None:
    """Remove what attempts left behind that ended without their worker."""
    for name in storage.scratch_names():
        try:
            run_id = uuid.UUID(name)
        except ValueError:
            continue
        run = Run.objects.filter(id=run_id).first()
        finished = run.finished_at if run and run.status not in Run.OPEN else None
        if run is None or (finished and finished < timezone.now() - SCRATCH_KEPT):
            storage.remove_scratch(name)
            if run is not None and run.status != Run.DONE:
                storage.remove(run.results_url)


async def watch() -> None:
    """Reap for ever, from an event loop."""
    while True:
        try:
            await sync_to_async(_reap_in_thread, thread_sensitive=False)()
        except Exception:  # the next round may succeed
            logger.exception("Looking after the runs failed; trying again")
        await asyncio.sleep(INTERVAL_S)


def _reap_in_thread() -> None:
    close_old_connections()
    try:
        reap()
    finally:
        close_old_connections()
