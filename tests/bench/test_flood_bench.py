"""The flood benchmark on a small town: its figures are there and hang together."""

from __future__ import annotations

import json

import numpy as np
import pytest

from twin.bench.flood import BLOCK_HEIGHT, streets
from twin.cli import main


def test_the_town_has_streets_and_blocks():
    bed = streets(64)
    assert bed.shape == (64, 64)
    assert np.ptp(bed) == pytest.approx(BLOCK_HEIGHT, rel=0.2)
    assert 0.4 < (bed > 2.0).mean() < 0.6


def test_twin_bench_flood_reports_both_precisions(capsys):
    words = ["--json", "--size", "96", "--seconds", "20", "--repeats", "1", "--threads", "1"]
    assert main(["bench", "flood", *words]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["precision"] for row in report["runs"]] == ["float32", "float64"]
    for row in report["runs"]:
        assert row["threads"] == 1
        assert row["updates_per_cpu_s"] > 1e5
        assert row["triad_bytes_per_s"] > 1e8
        assert abs(row["mass_error_rel"]) < 1e-6
