"""Storms over HTTP: the form's errors in words, roles, rain files, and what a run answers."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from simulation import actions, reaper
from simulation.forms import StormForm
from simulation.scenarios import Run, Scenario
from tests.simulation.storms import grid_of, publish_terrain, valley
from twin.core.declare import Text
from twin.core.users import set_user

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)

ROWS, COLS = 40, 50
PASSWORD = "a good password"


@pytest.fixture
def terrain(tmp_path, settings):
    settings.TWIN_DATA = tmp_path
    settings.TWIN_RESULTS = str(tmp_path / "results")
    return publish_terrain(tmp_path, valley(ROWS, COLS), grid_of(ROWS, COLS))


def logged_in(role: str) -> Client:
    set_user(f"a {role}", PASSWORD, roles=[role])
    client = Client()
    assert client.login(username=f"a {role}", password=PASSWORD)
    return client


@pytest.fixture
def officer():
    return logged_in("flood_officer")


def storm(**changes) -> dict:
    form = {
        "title": "October storm",
        "area": None,
        "cell_m": 10,
        "duration_s": 7200,
        "output_interval_s": 600,
        "rain": {"kind": "uniform", "total_mm": 100, "duration_s": 3600},
        "inflows": [],
        "manning": 0.035,
        "edges": "open",
    }
    return form | changes


def post(client: Client, form: dict):
    return client.post("/api/runs", json.dumps(form), "application/json")


def test_an_officer_asks_for_a_storm_and_it_waits(terrain, officer):
    answer = post(officer, storm())
    assert answer.status_code == 201
    run = answer.json()
    assert (run["status"], run["progress"], run["error"]) == ("queued", 0, None)
    assert run["scenario"]["rain"] == {"kind": "uniform", "total_mm": 100, "duration_s": 3600}
    assert run["requested_by"] == "a flood_officer"
    assert run["duration_s"] == 7200 and run["products"] == [] and run["summary"] is None
    ring = run["area"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert officer.get("/api/runs").json()["runs"] == [run]
    assert officer.get(f"/api/runs/{run['id']}").json() == run


def test_the_same_form_is_the_same_scenario_and_a_changed_one_its_next_version(terrain, officer):
    versions = [
        post(officer, storm(manning=manning)).json()["scenario_version"]
        for manning in (0.035, 0.035, 0.05)
    ]
    assert versions == [1, 1, 2]
    assert Scenario.objects.count() == 2 and Run.objects.count() == 3


SERIES = {"kind": "series", "series": [[0, 20], [3600, 10]]}
LATE = {"kind": "series", "series": [[0, 20], [7200, 10], [9000, 0]]}
INFLOW = {"name": "Hiếu", "lon": 107.1, "lat": 16.8}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": " "}, "title", "The title needs 1 to 120 characters"),
        ({"cell_m": 0}, "cell_m", "The cell size is 0 m; give 0.5 to 1000 m"),
        ({"cell_m": "wide"}, "cell_m", "The cell size must be a number; you gave 'wide'"),
        ({"manning": 3}, "manning", "Manning's n is 3; give 0.005 to 0.5"),
        ({"edges": "ajar"}, "edges", "choose one of open, closed"),
        ({"colour": 1}, "colour", "Extra inputs are not permitted"),
        ({"rain": {"total_mm": -5}}, "rain.total_mm", "The total rain is -5 mm; give 0 to 2000"),
        (
            {"duration_s": 3600, "rain": {"total_mm": 50, "duration_s": 7200}},
            "rain.duration_s",
            "Rain lasts 2 h but the run ends after 1 h; extend the run or shorten the rain",
        ),
        ({"rain": {"total_mm": 0}}, "rain.total_mm", "brings no water"),
        ({"rain": {"kind": "series"}}, "rain.series", "No rain series was given"),
        ({"rain": SERIES}, "rain.series", "Rain series ends at 1 h with 10 mm/h but the run lasts"),
        ({"rain": LATE}, "rain.series", "It rains until 2 h 30 min but the run ends after 2 h"),
        (
            {"rain": {"kind": "series", "series": [[0, 1], [0, 2]]}},
            "rain.series",
            "row 2: 0 s is not after 0 s",
        ),
        ({"rain": {"kind": "series", "series": [[0, -1]]}}, "rain.series", "row 1: -1 mm/h"),
        ({"rain": {"peak": 1}}, "rain.peak", "The peak's share of the duration is 1"),
        (
            {"output_interval_s": 10000},
            "output_interval_s",
            "Results are kept every 10000 s but the run ends after 2 h",
        ),
        (
            {"output_interval_s": 5},
            "output_interval_s",
            "at most 500 are kept. Take an interval of 60 s or more",
        ),
        ({"area": {"bbox": [107.2, 16.8, 107.1, 16.9]}}, "area.bbox", "west must lie west of east"),
        ({"area": {"bbox": [10, 50, 11, 51]}}, "area", "lies outside the terrain, which spans"),
        ({"cell_m": 200}, "cell_m", "fewer than 4 cells of 200 m on a side"),
        (
            {"inflows": [INFLOW]},
            "inflows.0.discharge_m3_s",
            "a steady discharge or a series",
        ),
        (
            {"inflows": [INFLOW | {"discharge_m3_s": 5}]},
            "inflows.0.lon",
            'Inflow "Hiếu" at latitude 16.80000, longitude 107.10000 lies outside the area',
        ),
        ({"inflows": [INFLOW | {"lon": "x"}]}, "inflows.0.lon", "longitude must be a number"),
    ],
)
def test_the_form_is_refused_in_words_with_the_field(terrain, officer, changes, field, words):
    answer = post(officer, storm(**changes))
    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    assert error["field"] == field
    assert words in error["message"]
    assert Run.objects.count() == 0 and Scenario.objects.count() == 0


def test_too_many_cells_name_the_size_that_fits(tmp_path, settings, officer):
    settings.TWIN_DATA = tmp_path
    publish_terrain(tmp_path, np.zeros((400, 400)), grid_of(400, 400, 50.0))
    error = post(officer, storm(cell_m=5)).json()["error"]
    assert error["field"] == "cell_m"
    assert "20.0 km × 20.0 km in cells of 5 m makes 16.0 million cells" in error["message"]
    assert "Use cells of 10 m or more, or a smaller area" in error["message"]
    assert post(officer, storm(cell_m=10, output_interval_s=7200)).status_code == 201


def test_a_twin_without_terrain_says_how_to_get_one(officer):
    answer = post(officer, storm())
    assert answer.status_code == 409
    assert "twin import dem" in answer.json()["error"]["message"]


def test_who_may_do_what(terrain, officer):
    stranger, viewer, planner = Client(), logged_in("viewer"), logged_in("planner")
    assert post(stranger, storm()).status_code == 401
    assert post(viewer, storm()).status_code == 403
    for body in ("", "{}", "no json"):  # the right is asked for before the body is read
        sent = [who.post("/api/runs", body, "application/json") for who in (stranger, viewer)]
        assert [answer.status_code for answer in sent] == [401, 403]
        assert "Only flood officers and planners" in sent[1].json()["error"]["message"]
        assert officer.post("/api/runs", body, "application/json").status_code == 400
    run = post(planner, storm()).json()
    assert stranger.get("/api/runs").json() == {"runs": []}
    assert stranger.get(f"/api/runs/{run['id']}").status_code == 401
    assert len(viewer.get("/api/runs").json()["runs"]) == 1
    assert viewer.post(f"/api/runs/{run['id']}/cancel").status_code == 403
    assert viewer.get(f"/api/runs/{uuid.uuid4()}").status_code == 404
    assert officer.delete(f"/api/runs/{run['id']}").status_code == 403
    assert planner.delete(f"/api/runs/{run['id']}").status_code == 409
    canceled = officer.post(f"/api/runs/{run['id']}/cancel").json()
    assert canceled["status"] == "canceled"
    assert canceled["message"] == {
        "en": "Canceled by a flood_officer",
        "vi": "a flood_officer đã hủy",
    }
    assert officer.post(f"/api/runs/{run['id']}/cancel").status_code == 409
    assert planner.delete(f"/api/runs/{run['id']}").status_code == 204
    assert Run.objects.count() == 0


def test_a_storm_without_the_csrf_token_is_refused(terrain):
    set_user("hoa", PASSWORD, roles=["flood_officer"])
    client = Client(enforce_csrf_checks=True)
    client.login(username="hoa", password=PASSWORD)
    assert post(client, storm()).status_code == 403


def test_a_gauge_file_becomes_a_series(officer):
    answer = officer.post(
        "/api/runs/rain-csv", "time_s;mm_per_h\n0;12,5\n1800;0\n", content_type="text/csv"
    )
    assert answer.json() == {"series": [[0, 12.5], [1800, 0]], "total_mm": 6.25}
    wrong = officer.post(
        "/api/runs/rain-csv", "time_s,mm_per_h\n0,1\n5,x\n", content_type="text/csv"
    )
    assert wrong.status_code == 400
    assert 'Row 3: "x" is no amount of rain' in wrong.json()["error"]["message"]


def test_a_run_without_results_says_so(terrain, officer):
    run = post(officer, storm()).json()
    for part in ("point?lon=107.1&lat=16.8", "impacts", "impacts.csv", "impacts/roads", "case.zip"):
        answer = officer.get(f"/api/runs/{run['id']}/{part}")
        assert answer.status_code == 409
        assert '"October storm" is queued and has no results' in answer.json()["error"]["message"]


# -- what the rows allow, without a worker ----------------------------------------------------


LATE_WORDS = Text("late", "muộn")


def queued(requested_by: str = "hoa") -> Run:
    return actions.request_run(form=StormForm(**storm()), requested_by=requested_by)


def test_only_one_worker_claims_a_run(terrain):
    run = queued()
    first = actions.start_run(run_id=run.id, worker="a")
    assert first.status == "running"
    assert actions.start_run(run_id=run.id, worker="b") is None


def test_an_attempt_that_was_given_up_changes_nothing(terrain):
    run = actions.start_run(run_id=queued().id, worker="a")
    actions.cancel_run(run_id=run.id, canceled_by="hoa")
    assert not actions.report_progress(run=run, progress=0.5, message=LATE_WORDS)
    assert not actions.beat(run=run)
    assert not actions.fail_run(run=run, error=LATE_WORDS)
    run.refresh_from_db()
    assert (run.status, run.progress, run.error) == ("canceled", 0, None)
    other = actions.start_run(run_id=queued().id, worker="a")
    stolen = Run.objects.get(id=other.id)
    stolen.attempt = uuid.uuid4()
    assert not actions.report_progress(run=stolen, progress=0.5, message=LATE_WORDS)


def test_a_run_without_heartbeat_fails_with_words(terrain):
    fresh = actions.start_run(run_id=queued().id, worker="a")
    stale = actions.start_run(run_id=queued().id, worker="dead")
    Run.objects.filter(id=stale.id).update(heartbeat_at=timezone.now() - timedelta(seconds=31))
    reaper.reap()
    stale.refresh_from_db()
    fresh.refresh_from_db()
    assert fresh.status == "running"
    assert stale.status == "failed" and stale.finished_at
    assert stale.error == {
        "en": "The worker that computed this run stopped; run it again",
        "vi": "Máy tính toán lần chạy này đã dừng; hãy chạy lại",
    }


@committed
def test_runs_that_the_queue_lost_are_sent_again(terrain, services):
    import redis
    from django.conf import settings

    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("simulation")
    run = queued()
    assert broker.llen("simulation") == 1
    assert reaper.resend_lost() == 0  # it may still be on its way
    Run.objects.update(sent_at=timezone.now() - timedelta(minutes=1))
    assert reaper.resend_lost() == 0  # it waits in the queue
    broker.delete("simulation")  # Redis restarted without its data
    assert reaper.resend_lost() == 1
    [message] = broker.lrange("simulation", 0, -1)
    assert str(run.id) in json.loads(message)["headers"]["argsrepr"]
    broker.delete("simulation")


@committed
def test_every_change_is_told_after_its_commit(terrain):
    run = queued()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN twin_live")
        link = connection.connection
        started = actions.start_run(run_id=run.id, worker="a")
        actions.report_progress(run=started, progress=0.5, message=Text("half", "một nửa"))
        actions.fail_run(run=started, error=Text("It broke", "Nó hỏng"))
        events = [json.loads(note.payload) for note in link.notifies(timeout=1, stop_after=3)]
        cursor.execute("UNLISTEN twin_live")
    assert [event["event"] for event in events] == ["run"] * 3
    states = [(event["data"]["status"], event["data"]["progress"]) for event in events]
    assert states == [("running", 0), ("running", 0.5), ("failed", 0.5)]
    assert events[1]["data"]["message"] == {"en": "half", "vi": "một nửa"}
    assert events[-1]["data"]["error"] == {"en": "It broke", "vi": "Nó hỏng"}
    assert "scenario" not in events[0]["data"] and "summary" not in events[0]["data"]
