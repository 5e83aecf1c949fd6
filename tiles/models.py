"""What tiles need beside the layers' tables: low-zoom cells, and what they were built for."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Cell(models.Model):
    """How many features of a layer lie in one square of the tile pyramid, and which kind leads."""

    pk = models.CompositePrimaryKey("layer", "level", "cx", "cy")
    layer = models.TextField()
    level = models.SmallIntegerField()
    cx = models.IntegerField(help_text="column from the west, of 2^level")
    cy = models.IntegerField(help_text="row from the north, of 2^level")
    count = models.BigIntegerField()
    dominant = models.TextField(null=True, help_text="the value that most features hold")
    counts = models.JSONField(help_text="value -> features")
    mean_x = models.FloatField(help_text="mean place of the features, 0 to 1 across the cell")
    mean_y = models.FloatField(help_text="mean place of the features, 0 to 1 down the cell")

    def __str__(self) -> str:
        return f"{self.layer} {self.level}/{self.cx}/{self.cy}: {self.count}"


class LayerState(models.Model):
    """The declaration that a layer's tiles were last made for; another one makes new tiles."""

    layer = models.TextField(primary_key=True)
    fingerprint = models.TextField()
    built_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.layer} {self.fingerprint}"
