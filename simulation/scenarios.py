"""What was asked and what became of it: Scenario, Run and the features a run's water reached."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models.functions import Now
from django.utils import timezone

from twin.core.declare import Text
from twin.core.products import RasterProduct

HEARTBEAT_S = 5.0
# Three lost heartbeats are a busy machine, six are a dead worker.
STALE_AFTER = timedelta(seconds=30)


class Scenario(models.Model):
    """A storm form as it was posted; a changed form under the same title is its next version."""

    kind = models.TextField(default="flood")
    title = models.TextField()
    version = models.IntegerField(default=1)
    form = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "title", "version"], name="scenario_version")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"

    @classmethod
    def keep(cls, *, title: str, form: dict[str, Any], created_by: str) -> Scenario:
        """The scenario of that title and form: the newest version if it is the same, else one more.

        Call it in a transaction: the title is locked until its end.
        """
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [title])
        newest = cls.objects.filter(kind="flood", title=title).order_by("-version").first()
        if newest and newest.form == form:
            return newest
        version = newest.version + 1 if newest else 1
        return cls.objects.create(title=title, version=version, form=form, created_by=created_by)


class RunQuerySet(models.QuerySet["Run"]):
    """Questions about runs."""

    def visible_to(self, user: Any) -> RunQuerySet:
        """The runs that the user may see: all of them after a login, none before."""
        return self if user.is_authenticated else self.none()

    def stale(self) -> RunQuerySet:
        """Runs that say they run while nobody has computed them for a while."""
        return self.filter(status=Run.RUNNING, heartbeat_at__lt=timezone.now() - STALE_AFTER)


class Run(models.Model):
    """One computation of a scenario. Only the holder of its attempt token may change a running one.

    Results are whole or absent: `results` names their folder (a path or fsspec URL) once done.
    """

    QUEUED, RUNNING, DONE, FAILED, CANCELED = "queued", "running", "done", "failed", "canceled"
    STATUSES = (QUEUED, RUNNING, DONE, FAILED, CANCELED)
    OPEN = (QUEUED, RUNNING)
    STATUS_WORDS: ClassVar = {
        QUEUED: Text("queued", "đang chờ"),
        RUNNING: Text("running", "đang chạy"),
        DONE: Text("done", "đã xong"),
        FAILED: Text("failed", "bị lỗi"),
        CANCELED: Text("canceled", "đã hủy"),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scenario = models.ForeignKey(Scenario, models.PROTECT)
    title = models.TextField()
    status = models.TextField(default=QUEUED, choices=[(name, name) for name in STATUSES])
    progress = models.FloatField(default=0.0)
    message = models.JSONField(default=dict, help_text='what it does: {"en", "vi"}')
    error = models.JSONField(null=True, help_text='why it failed: {"en", "vi"}')
    requested_by = models.TextField()
    requested_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, help_text="when it was last given to the queue")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    attempt = models.UUIDField(null=True, help_text="token of the worker that computes it")
    worker = models.TextField(null=True)
    area = models.PolygonField(srid=4326, null=True)
    cell_m = models.FloatField()
    duration_s = models.FloatField(help_text="simulated time")
    summary = models.JSONField(null=True)
    results = models.TextField(null=True)
    grid = models.JSONField(null=True, help_text="crs, transform and shape of the results")

    objects: ClassVar[Any] = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-requested_at"], name="run_newest"),
            models.Index(
                fields=["status"],
                name="run_open",
                condition=models.Q(status__in=("queued", "running")),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=("queued", "running", "done", "failed", "canceled")),
                name="run_status",
            ),
            models.CheckConstraint(
                condition=models.Q(progress__gte=0, progress__lte=1), name="run_progress"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.status}"

    @property
    def status_words(self) -> Text:
        """The status in a sentence."""
        return self.STATUS_WORDS[self.status]

    def state(self) -> dict[str, Any]:
        """The run as a live event carries it."""

        def moment(value: Any) -> str | None:
            return value.isoformat() if value else None

        return {
            "id": str(self.id),
            "title": self.title,
            "status": self.status,
            "progress": round(self.progress, 4),
            "message": self.message,
            "error": self.error,
            "requested_by": self.requested_by,
            "requested_at": moment(self.requested_at),
            "started_at": moment(self.started_at),
            "finished_at": moment(self.finished_at),
            "duration_s": self.duration_s,
            "area": {"type": "Polygon", "coordinates": self.area.coords} if self.area else None,
            "cell_m": self.cell_m,
        }

    def as_dict(self, products: Iterable[RasterProduct] | None = None) -> dict[str, Any]:
        """The run as the API sends it; `products` where the caller has fetched them."""
        if products is None:
            products = RasterProduct.objects.filter(run_id=str(self.id)).order_by("kind")
        return {
            **self.state(),
            "scenario": self.scenario.form,
            "scenario_version": self.scenario.version,
            "summary": self.summary,
            "products": [product.as_dict() for product in products],
        }

    @property
    def results_url(self) -> str:
        """Where the results of the current attempt go."""
        return f"{str(settings.TWIN_RESULTS).rstrip('/')}/runs/{self.id}"


class Impact(models.Model):
    """Part of a feature that a run's water reaches, in one depth class and ward.

    A feature has a row for each class its water has; `deepest` marks the one that counts it.
    """

    run = models.ForeignKey(Run, models.CASCADE, db_index=False)
    layer = models.TextField()
    feature_id = models.UUIDField()
    ward_id = models.UUIDField(null=True, help_text="ward of today")
    former_ward_id = models.UUIDField(null=True, help_text="ward from before the reform")
    depth_class = models.SmallIntegerField()
    deepest = models.BooleanField()
    max_depth_m = models.FloatField()
    arrival_s = models.FloatField(null=True)
    length_m = models.FloatField(null=True)
    area_m2 = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "layer", "-max_depth_m"], name="impact_deepest_first")
        ]

    def __str__(self) -> str:
        return f"{self.layer} {self.feature_id}: {self.max_depth_m:.2f} m"
