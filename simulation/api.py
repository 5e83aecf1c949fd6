"""Storms over HTTP: ask for one, follow and cancel it, read its water and what that reaches."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from simulation import actions, impacts, points
from simulation.forms import StormForm
from simulation.gauges import read_gauge
from simulation.rain import total_mm
from simulation.results import Folder
from simulation.scenarios import Run
from twin.core import permissions
from twin.core.declare import Text
from twin.core.errors import BadInput, Conflict, Forbidden, NotFound, NotLoggedIn
from twin.core.features import layer_named
from twin.core.products import RasterProduct

router = Router(tags=["storms"])

STORM_ROLES = ("flood_officer", "planner")
MOST_RUNS = 200
LARGEST_CSV = 2_000_000
CSV_HEADER = {
    "en": ["Ward", "Layer", "Depth from (m)", "Depth to (m)", "Count", "Length (m)", "Area (m²)"],
    "vi": [
        "Phường, xã",
        "Lớp",
        "Độ sâu từ (m)",
        "Độ sâu đến (m)",
        "Số lượng",
        "Chiều dài (m)",
        "Diện tích (m²)",
    ],
}
NO_WARD = Text("no ward", "ngoài các phường")


RUN_IT = Text("run a storm", "chạy mô phỏng")
READ_RAIN = Text("read rain for a storm", "đọc số liệu mưa")
CANCEL_IT = Text("cancel a run", "hủy lần chạy")
REMOVE_IT = Text("remove a run", "xóa lần chạy")


def require_storm_role(request: HttpRequest, action: Text) -> str:
    """The user's name, if their role may run storms."""
    if not request.user.is_authenticated:
        raise NotLoggedIn(
            f"Log in as flood officer or planner to {action.en}",
            vi="Hãy đăng nhập với vai trò cán bộ phòng chống lụt hoặc cán bộ quy hoạch để "
            f"{action.vi}",
        )
    if not permissions.has_role(request.user, *STORM_ROLES):
        raise Forbidden(
            f"Only flood officers and planners may {action.en}",
            vi=f"Chỉ cán bộ phòng chống lụt và cán bộ quy hoạch được {action.vi}",
        )
    return request.user.get_username()


def run_for(request: HttpRequest, run_id: UUID) -> Run:
    """The run, if the user may see runs."""
    if not request.user.is_authenticated:
        raise NotLoggedIn("Log in to see runs", vi="Hãy đăng nhập để xem các lần chạy")
    runs = Run.objects.all().visible_to(request.user).select_related("scenario")
    run = runs.filter(id=run_id).first()
    if run is None:
        raise NotFound(
            "There is no such run; it may have been removed",
            vi="Không có lần chạy này; có thể đã bị xóa",
            code="no_such_run",
        )
    return run


def finished(request: HttpRequest, run_id: UUID) -> Run:
    """The run, if it has results."""
    run = run_for(request, run_id)
    if run.status != Run.DONE:
        raise Conflict(
            f'"{run.title}" is {run.status_words.en} and has no results',
            vi=f"“{run.title}” {run.status_words.vi} và chưa có kết quả",
            code="no_results",
        )
    return run


@router.get("/runs")
def list_runs(request: HttpRequest, limit: int = 50) -> dict[str, Any]:
    """The newest runs; none without a login."""
    runs = Run.objects.all().visible_to(request.user).select_related("scenario")
    newest = list(runs.order_by("-requested_at")[: max(1, min(limit, MOST_RUNS))])
    products: dict[str, list[RasterProduct]] = {str(run.id): [] for run in newest}
    for product in RasterProduct.objects.filter(run_id__in=products).order_by("kind"):
        products[str(product.run_id)].append(product)
    return {"runs": [run.as_dict(products[str(run.id)]) for run in newest]}


def may_run(request: HttpRequest) -> str:
    """ninja asks this before it reads the body: who may not run a storm hears that first."""
    return require_storm_role(request, RUN_IT)


@router.post("/runs", response={201: dict[str, Any]}, auth=may_run)
def request_run(request: HttpRequest, form: StormForm) -> Status[dict[str, Any]]:
    """Ask for a storm; answers at once, the run follows on the live stream."""
    run = actions.request_run(form=form, requested_by=request.user.get_username())
    return Status(201, run.as_dict([]))


@router.post("/runs/rain-csv")
def read_rain(request: HttpRequest) -> dict[str, Any]:
    """Read a gauge's CSV (the request's body) into a rain series for the form.

    The header names a time (dates, or a number of seconds, minutes or hours) and rain in mm/h or
    in mm since the row before: `time_s,mm_per_h`, `hour,mm`, `thời gian;lượng mưa (mm)`. Without a
    header the file has two columns: seconds and mm/h.
    """
    require_storm_role(request, READ_RAIN)
    if int(request.headers.get("Content-Length") or 0) > LARGEST_CSV:
        raise BadInput(
            "The file is larger than 2 MB; cut the storm out",
            vi="Tệp lớn hơn 2 MB; hãy cắt riêng trận mưa cần dùng",
            field="rain.series",
        )
    series = read_gauge(request.body)
    return {"series": series, "total_mm": round(total_mm(series), 3)}


@router.get("/runs/{uuid:run_id}")
def one_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """One run."""
    return run_for(request, run_id).as_dict()


@router.post("/runs/{uuid:run_id}/cancel")
def cancel_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """End a queued or running run."""
    name = require_storm_role(request, CANCEL_IT)
    return actions.cancel_run(run_id=run_id, canceled_by=name).as_dict()


@router.delete("/runs/{uuid:run_id}", response={204: None})
def delete_run(request: HttpRequest, run_id: UUID) -> Status[None]:
    """Remove an ended run with its results: for who asked for it, and admins."""
    name = require_storm_role(request, REMOVE_IT)
    run = run_for(request, run_id)
    if run.requested_by != name and not permissions.has_role(request.user):
        raise Forbidden(
            f"Only {run.requested_by} and admins may remove this run",
            vi=f"Chỉ {run.requested_by} và quản trị viên được xóa lần chạy này",
        )
    actions.delete_run(run=run)
    return Status(204, None)


@router.get("/runs/{uuid:run_id}/point")
def point(request: HttpRequest, run_id: UUID, lon: float, lat: float) -> dict[str, Any]:
    """Water over time at a place."""
    return points.hydrograph(finished(request, run_id), lon, lat)


@router.get("/runs/{uuid:run_id}/impacts")
def impact_table(request: HttpRequest, run_id: UUID, wards: str | None = None) -> dict[str, Any]:
    """What the water reaches by ward, layer and depth class; wards=current or former."""
    run = finished(request, run_id)
    return {
        "classes": impacts.classes(),
        "rows": impacts.table(run, request.user, wards),
        "wards": impacts.wards_kind(run, wards),
        "left_out": impacts.LEFT_OUT.as_dict(),
    }


@router.get("/runs/{uuid:run_id}/impacts.csv")
def impact_csv(
    request: HttpRequest, run_id: UUID, lang: str = "vi", wards: str | None = None
) -> HttpResponse:
    """The same table as CSV for Excel, UTF-8 with its mark; semicolons between columns where vi."""
    run = finished(request, run_id)
    if lang not in CSV_HEADER:
        raise BadInput(
            f'lang is "{lang}"; give vi or en',
            vi=f"lang là “{lang}”; hãy dùng vi hoặc en",
            field="lang",
        )
    text = io.StringIO()
    text.write("\ufeff")
    # Excel takes its separator from the language too: a decimal comma goes with semicolons.
    writer = csv.writer(text, delimiter=";" if lang == "vi" else ",")
    writer.writerow(CSV_HEADER[lang])
    levels = impacts.classes()
    for row in impacts.table(run, request.user, wards):
        level = levels[row["class"]]
        writer.writerow(
            [
                row["ward"] or getattr(NO_WARD, lang),
                getattr(layer_named(row["layer"]).title, lang),
                _decimal(level["from_m"], lang),
                _decimal(level["to_m"], lang),
                row["count"],
                "" if row["length_m"] is None else round(row["length_m"]),
                "" if row["area_m2"] is None else round(row["area_m2"]),
            ]
        )
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="impacts-{run.id}.csv"'
    return response


def _decimal(value: float | None, lang: str) -> str:
    text = "" if value is None else f"{value:g}"
    return text.replace(".", ",") if lang == "vi" else text


@router.get("/runs/{uuid:run_id}/impacts/{layer}")
def impact_features(
    request: HttpRequest,
    run_id: UUID,
    layer: str,
    ward_id: str | None = None,
    min_class: int = 0,
    wards: str | None = None,
) -> dict[str, Any]:
    """The features of a layer that the water reaches, deepest first; ward_id=none: in no ward."""
    return impacts.features(
        finished(request, run_id),
        request.user,
        layer,
        ward_id=ward_id,
        min_class=min_class,
        wards=wards,
    )


@router.get("/runs/{uuid:run_id}/case.zip")
def case(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The run's case: CASE.toml and its inputs, which `twin flood run` repeats."""
    run = finished(request, run_id)
    assert run.results is not None
    response = HttpResponse(Folder(run.results).read("case.zip"), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="storm-{run.id}.zip"'
    return response
