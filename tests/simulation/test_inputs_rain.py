"""Rain: design storms keep their total, gauge files say what can't be read."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.forms import StormForm, check
from simulation.gauges import read_gauge
from simulation.rain import CHICAGO_B_S, CHICAGO_C, design_storm, total_mm
from twin.core.errors import BadInput

storms = given(
    total=st.floats(0, 2000),
    duration=st.floats(60, 7 * 86400),
    pattern=st.sampled_from(["uniform", "triangular", "chicago"]),
    peak=st.floats(0.05, 0.95),
)


@storms
def test_every_design_storm_brings_its_total(total, duration, pattern, peak):
    series = design_storm(total, duration, pattern, peak)
    assert total_mm(series) == pytest.approx(total, rel=1e-12, abs=1e-12)
    assert series[0][0] == 0 and series[-1] == (duration, 0.0)
    assert all(rate >= 0 for _, rate in series)
    assert all(before < after for (before, _), (after, _) in pairwise(series))


def test_the_hardest_rain_falls_at_the_peak():
    for pattern in ("triangular", "chicago"):
        series = design_storm(100, 7200, pattern, 0.375)
        hardest = max(series, key=lambda step: step[1])[0]
        assert hardest <= 0.375 * 7200 <= hardest + 300


def test_chicago_holds_the_curve_depth_in_every_interval_around_the_peak():
    """The worst hour of a two-hour Chicago storm is the curve's depth for one hour."""

    def curve(time):
        return time / (time + CHICAGO_B_S) ** CHICAGO_C

    total, duration, peak = 120.0, 7200.0, 0.5
    series = design_storm(total, duration, "chicago", peak)
    hour = [rate * 300 / 3600 for time, rate in series if 1800 <= time < 5400]
    assert math.fsum(hour) == pytest.approx(total * curve(3600) / curve(7200), rel=1e-9)


def test_the_total_up_to_a_time_counts_the_open_last_rate():
    assert total_mm([(0, 60.0)], 1800) == 30
    assert total_mm([(0, 60.0), (600, 0.0)], 1800) == 10


@pytest.mark.parametrize(
    ("text", "series"),
    [
        ("time_s,mm_per_h\n0,10\n600,20\n1200,0\n", [(0, 10), (600, 20), (1200, 0)]),
        ("0,10\n600,0\n", [(0, 10), (600, 0)]),
        ("\ufefftime_s;mm_per_h\n0;10,5\n600;0\n", [(0, 10.5), (600, 0)]),
        ("time_min\tmm/h\n0\t6\n10\t0", [(0, 6), (600, 0)]),
        ("# gauge 7\ntime,rain_mm\n2026-10-12T14:00,0\n2026-10-12T14:10,2\n", [(0, 12), (600, 0)]),
        (
            "Thời gian;Lượng mưa (mm)\n12/10/2026 14:10;2,5\n12/10/2026 14:20;5\n",
            [(0, 15), (600, 30), (1200, 0)],
        ),
        ("time_s,mm_per_h\n600,12\n1200,0\n", [(0, 0), (600, 12), (1200, 0)]),
        ("time_s,mm_per_h\n0,12\n600,6\n", [(0, 12), (600, 6), (1200, 0)]),
        ("hour,mm\n0,0\n1,10\n", [(0, 10), (3600, 0)]),
        ("Giờ;Cường độ mưa (mm/giờ)\n0;6\n0,5;0\n", [(0, 6), (1800, 0)]),
        ("phút,mm/h\n0,6\n10,0\n", [(0, 6), (600, 0)]),
        ("Minutes,Intensity\n0,6\n10,0\n", [(0, 6), (600, 0)]),
        ("thoi gian (giay),luong mua\n0,0\n600,1\n", [(0, 6), (600, 0)]),
        ("seconds,station 7 mm h\n0,6\n600,0\n", [(0, 6), (600, 0)]),
        ("Ngày giờ,inches,mm\n12/10/2026 00:00,9,0\n12/10/2026 01:00,9,7\n", [(0, 7), (3600, 0)]),
        ("gauge,time,mm\nA,14:00,0\nA,15:00,7\n", [(0, 7), (3600, 0)]),
    ],
)
def test_gauge_files_of_every_shape(text, series):
    assert read_gauge(text.encode()) == series
    assert read_gauge(text.removeprefix("\ufeff").encode("utf-16")) == series


def test_amounts_add_up_to_the_files_total():
    rows = [(600 * k, (7 * k) % 5 + 0.2) for k in range(1, 40)]
    text = "time_s,mm\n" + "\n".join(f"{time},{amount}" for time, amount in rows)
    assert total_mm(read_gauge(text.encode())) == pytest.approx(sum(mm for _, mm in rows))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("time_s,mm_per_h\n0,1\n", "fewer than two rows"),
        ("time_s,mm_per_h\n0,1\n600,wet\n", 'Row 3: "wet" is no amount of rain'),
        ("time_s,mm_per_h\n0,1\n600,\n", "Row 3: the rain is missing"),
        ("time_s,mm_per_h\n0,1\n\n600,-2\n", "Row 4: -2 mm/h is below 0"),
        ("time_s,mm_per_h\n0,1\n600,2\n600,3\n", 'Row 4: the time "600" is not after'),
        ("time_s,mm_per_h\n0,1\nlater,2\n", 'Row 3: "later" is no time in seconds'),
        (
            "time,mm\n2026-10-12 14:00,1\n2026-13-12 14:10,1\n",
            'Row 3: "2026-13-12 14:10" is no time',
        ),
        ("time,mm\n2026-10-12 14:00,0\n2026-10-12 14:10,7947\n", "Row 3: 47,682 mm/h is more"),
        ("only one\n1\n2\n", "one column"),
        ("time_s,inches\n0,1\n600,0\n", 'column "inches": give rain in mm'),
        ("time_s,intensity (in/h)\n0,1\n600,0\n", 'column "intensity (in/h)": give rain in mm'),
        ("time_s,rain_in\n0,1\n600,0\n", 'column "rain_in": give rain'),
        ("time_s,mm/min\n0,1\n600,0\n", 'column "mm/min": give rain'),
        ("time_s,cumulative mm\n0,1\n600,2\n", 'column "cumulative mm": give rain'),
        ("time_s,cường độ (mm)\n0,1\n600,2\n", 'column "cường độ (mm)": give rain'),
        ("time_s,level,flow\n0,1,1\n600,0,1\n", 'column "level", "flow": give rain'),
        ("time,mm\n0,1\n600,0\n", 'column "time": the unit of its times is not known'),
        ("days,mm\n0,1\n1,0\n", 'column "days": the unit'),
        ("ngày giờ,mm\n46000.5,1\n46001,0\n", 'column "ngày giờ": the unit'),
        ("hours,mm\n0,1\nlater,0\n", 'Row 3: "later" is no time in hours'),
        ("2026-10-12 14:00,1\n2026-10-12 15:00,1\n", "no header"),
        ("0,1,2\n600,1,2\n", "no header"),
    ],
)
def test_a_gauge_file_that_cannot_be_read_names_row_and_value(text, words):
    with pytest.raises(BadInput) as raised:
        read_gauge(text.encode())
    assert words in str(raised.value)
    assert raised.value.text.vi != raised.value.text.en
    assert raised.value.field == "rain.series"


def test_the_unit_of_a_gauge_file_is_told_in_vietnamese_too():
    def said(text: str) -> str:
        with pytest.raises(BadInput) as raised:
            read_gauge(text.encode())
        return raised.value.text.vi

    assert "cột “inches”: hãy cho lượng mưa theo mm" in said("time_s,inches\n0,1\n600,0\n")
    assert "cột “time”: chưa rõ đơn vị thời gian" in said("time,mm\n0,1\n600,0\n")
    assert said("time_s,mm_per_h\n0,1\n600,-20\n").startswith("Dòng 3: -20 mm/h nhỏ hơn 0")
    assert said("giờ,mm\n0,1\n1,-20\n").startswith("Dòng 3: -20 mm nhỏ hơn 0")


@pytest.mark.parametrize(
    "series",
    [
        [[0, 20], [3600, 0], [7200, 0], [90_000, 0]],
        [[0, 20], [7200, 0], [9000, 0]],
        [[0, 20], [7200, 5]],  # a rate at the very end brings nothing
    ],
)
def test_rows_without_rain_may_go_on_after_the_run(series):
    check(StormForm(title="a", duration_s=7200, rain={"kind": "series", "series": series}))


def test_rain_that_goes_on_after_the_run_is_refused_even_if_it_began_before():
    rain = {"kind": "series", "series": [[0, 20], [3600, 5], [9000, 0]]}
    with pytest.raises(BadInput, match="It rains until 2 h 30 min but the run ends after 2 h"):
        check(StormForm(title="a", duration_s=7200, rain=rain))
