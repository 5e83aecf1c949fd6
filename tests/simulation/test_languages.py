"""What an officer reads of a storm comes in the language of the request, or in both."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from django.test import Client

from simulation import actions, child, tasks
from simulation.forms import StormForm, span
from simulation.scenarios import Run
from tests.simulation.storms import grid_of, publish_terrain, valley
from twin.core.declare import Text
from twin.core.users import set_user
from twin.core.vietnamese import number

STORM = {
    "title": "Bão số 6",
    "cell_m": 10,
    "duration_s": 7200,
    "output_interval_s": 600,
    "rain": {"kind": "uniform", "total_mm": 100, "duration_s": 3600},
}
LONG_RAIN = {"rain": {"total_mm": 5, "duration_s": 9000}}
INFLOW = {"name": "Hiếu", "lon": 107.1, "lat": 16.8}
LATE = {"kind": "series", "series": [[0, 20], [3600, 10.5]]}
FAR = {"area": {"bbox": [10, 50, 11, 51]}}

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(tmp_path, settings):
    settings.TWIN_DATA = tmp_path
    settings.TWIN_RESULTS = str(tmp_path / "results")
    publish_terrain(tmp_path, valley(40, 50), grid_of(40, 50))
    set_user("hoa", "a good password", roles=["flood_officer"])
    client = Client()
    assert client.login(username="hoa", password="a good password")
    return client


def refusal(client: Client, language: str, path: str = "/api/runs", **changes) -> str:
    form = json.dumps(STORM | changes)
    answer = client.post(path, form, "application/json", HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code >= 400, answer.content
    assert answer["Content-Language"] == language.split(",")[0][:2]
    return answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("changes", "vi", "en"),
    [
        (
            {"cell_m": 0.2},
            "Kích thước ô là 0,2 m; hãy nhập từ 0,5 đến 1000 m",
            "The cell size is 0.2 m; give 0.5 to 1000 m",
        ),
        (
            {"output_interval_s": 0.06},
            "hai lần ghi kết quả là 0,06 s; hãy nhập từ 1",
            "The output interval is 0.06 s; give 1 to",
        ),
        (
            {"inflows": [INFLOW | {"lat": 16.787823, "lon": 107.128844, "discharge_m3_s": 1}]},
            "tại vĩ độ 16,78782, kinh độ 107,12884 nằm ngoài phạm vi",
            "at latitude 16.78782, longitude 107.12884 lies outside the area",
        ),
        ({"title": ""}, "Tên trận mưa cần từ 1 đến 120 ký tự", "The title needs 1 to 120"),
        ({"duration_s": 1}, "hãy nhập từ 60 đến 1209600 s", "give 60 to 1209600 s"),
        (LONG_RAIN, "Mưa kéo dài 2 giờ 30 phút nhưng", "Rain lasts 2 h 30 min but"),
        ({"rain": LATE}, "dừng tại 1 giờ với 10,5 mm/h", "ends at 1 h with 10.5 mm/h"),
        ({"rain": {"total_mm": 0}}, "Trận mưa không có nước", "The storm brings no water"),
        ({"inflows": [INFLOW]}, "Nguồn nước “Hiếu” cần một lưu lượng", 'Inflow "Hiếu" needs'),
        (FAR, "Phạm vi nằm ngoài địa hình, vốn trải từ 107,", "lies outside the terrain"),
        ({"cell_m": 200}, "có ít hơn 4 ô 200 m trên một cạnh", "fewer than 4 cells of 200 m"),
        ({"colour": 1}, "colour: không có trường nào tên như vậy", "Extra inputs"),
        ({"inflows": [{"lon": 1}]}, "inflows.0.lat: thiếu giá trị này", "Field required"),
    ],
)
def test_the_form_is_refused_in_the_language_of_the_request(officer, changes, vi, en):
    assert vi in refusal(officer, "vi-VN,vi;q=0.9", **changes)
    assert en in refusal(officer, "en", **changes)


def test_rain_files_and_logins_are_worded_too(officer):
    def said(answer) -> str:
        return answer.json()["error"]["message"]

    def rain(language: str) -> str:
        file = "time_s,mm_per_h\n0,1\n5,x\n"
        return said(
            officer.post("/api/runs/rain-csv", file, "text/csv", HTTP_ACCEPT_LANGUAGE=language)
        )

    assert rain("vi") == ("Dòng 3: “x” không phải lượng mưa; hãy ghi một số tính bằng milimét")
    assert rain("en").startswith('Row 3: "x" is no amount of rain')
    stranger = Client(HTTP_ACCEPT_LANGUAGE="vi")
    login = {"username": "hoa", "password": "wrong"}
    wrong = stranger.post("/api/session", json.dumps(login), "application/json")
    assert said(wrong) == "Tên hoặc mật khẩu không đúng"
    assert said(stranger.post("/api/runs", json.dumps(STORM), "application/json")).startswith(
        "Hãy đăng nhập với vai trò cán bộ"
    )


@pytest.mark.django_db(transaction=True)
def test_lean_views_ask_the_request_itself():
    def said(answer) -> str:
        return answer.json()["error"]["message"]

    stranger = Client(HTTP_ACCEPT_LANGUAGE="vi")
    tile = stranger.get("/tiles/no_such_layer/1/1/1.mvt")
    assert said(tile) == "Không có lớp “no_such_layer”"
    assert "Accept-Language" in tile["Vary"]
    english = stranger.get("/tiles/no_such_layer/1/1/1.mvt", HTTP_ACCEPT_LANGUAGE="en")
    assert said(english) == 'There is no layer "no_such_layer"'


def test_a_run_says_what_it_does_in_both_languages(officer, monkeypatch):
    monkeypatch.setattr(actions, "send", lambda run_id: None)
    run = actions.request_run(form=StormForm(**STORM), requested_by="hoa")
    told = officer.get(f"/api/runs/{run.id}").json()
    assert told["message"] == {"en": "Waiting for a worker", "vi": "Đang chờ máy tính toán"}
    attempt = actions.start_run(run_id=run.id, worker="a")
    assert attempt.message["vi"] == "Đang đọc địa hình"
    relay = tasks.Relay(attempt, 7200)
    assert relay({})
    assert attempt.message["vi"] == "Đang chuẩn bị tính toán"
    relay.asked = 0.0
    assert relay({"fraction": 1 / 6})
    run.refresh_from_db()
    assert run.message == {"en": "20 min of 2 h computed", "vi": "Đã tính 20 phút trên 2 giờ"}
    refused = officer.get(f"/api/runs/{run.id}/point?lon=1&lat=1", HTTP_ACCEPT_LANGUAGE="vi")
    assert refused.json()["error"]["message"] == "“Bão số 6” đang chạy và chưa có kết quả"
    actions.fail_run(run=attempt, error=Text("é" * 5000, "ế" * 5000))
    assert Run.objects.get(id=run.id).error["vi"] == "ế" * actions.LONGEST_ERROR


@pytest.mark.django_db(transaction=True)
def test_runs_from_before_keep_their_words_through_the_migration(officer, monkeypatch):
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    monkeypatch.setattr(actions, "send", lambda run_id: None)
    run = actions.request_run(form=StormForm(**STORM), requested_by="hoa")
    MigrationExecutor(connection).migrate([("simulation", "0001_runs")])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT message, error FROM simulation_run")
            assert cursor.fetchone() == ("Waiting for a worker", None)
            cursor.execute("UPDATE simulation_run SET error = 'It broke'")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("simulation"))
    run.refresh_from_db()
    assert run.message == {"en": "Waiting for a worker", "vi": "Waiting for a worker"}
    assert run.error == {"en": "It broke", "vi": "It broke"}


def test_a_failure_of_the_runner_has_vietnamese_in_front(tmp_path):
    log = tmp_path / "runner.log"
    log.write_text(f"error: {tmp_path}/CASE.toml: the bed is nodata\n")
    assert child._trouble(2, log) == Text(
        "CASE.toml: the bed is nodata", "Tính toán thất bại: CASE.toml: the bed is nodata"
    )
    log.write_text("Traceback\nMemoryError\n")
    assert "nhiều bộ nhớ hơn máy này có" in child._trouble(1, log).vi
    log.write_text("Segmentation fault\n")
    assert child._trouble(7, log).vi.startswith("Tính toán dừng với mã thoát 7 (Segmentation")


def test_numbers_and_durations_are_written_the_vietnamese_way():
    assert number(1234567.25, ",.1f") == "1.234.567,2"
    assert number(0.035) == "0,035"
    assert span(5400) == ("1 h 30 min", "1 giờ 30 phút")
    assert span(90) == ("90 s", "90 giây")


def test_every_error_that_is_meant_for_both_languages_is_composed_unicode(officer):
    """Decomposed accents would look right and be found by no search."""
    import unicodedata
    from pathlib import Path

    for file in Path(actions.__file__).parent.glob("*.py"):
        text = file.read_text("utf-8")
        assert text == unicodedata.normalize("NFC", text), file.name


def test_the_datum_reaches_whoever_reads_levels(tmp_path):
    import rasterio
    import xarray

    from simulation.flood.case import load_case
    from simulation.rasters import write_on
    from simulation.run import run_case

    write_on(tmp_path / "dem.tif", np.zeros((5, 6), np.float32), grid_of(5, 6))
    case = '[grid]\ndem = "dem.tif"\nvertical_datum = "Hon Dau 1972"\n[run]\nduration = 60\n'
    (tmp_path / "CASE.toml").write_text(case + "output_interval = 60\n[rain]\nrate = 20\n")
    assert load_case(tmp_path / "CASE.toml").grid.vertical_datum == "Hon Dau 1972"
    out = tmp_path / "out"
    summary = run_case(str(tmp_path / "CASE.toml"), str(out), backend="python")
    assert not [key for key in summary if re.search("datum", key)]
    with xarray.open_zarr(out / "results.zarr", chunks=None) as results:
        assert results.attrs["vertical_datum"] == "Hon Dau 1972"
    with rasterio.open(out / "max_depth.tif") as raster:
        assert raster.tags()["vertical_datum"] == "Hon Dau 1972"
