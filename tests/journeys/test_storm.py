"""A storm, as the flood-warning officer lives it: log in, rain, watch, ask, hand over the table."""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.journeys.conftest import ARTIFACTS

# Drawing in software keeps the page busy: a click can take seconds to show.
expect.set_options(timeout=60_000)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAP = {"x": 400, "y": 60, "width": 690, "height": 560}


def pixels(page) -> np.ndarray:
    """The map as it is on the screen: (rows, columns, RGB)."""
    image = Image.open(io.BytesIO(page.screenshot(clip=MAP, timeout=120_000)))
    return np.asarray(image.convert("RGB"), dtype=np.int16)


def water(picture: np.ndarray) -> int:
    """Pixels in the blues of the depth ramp, deeper than 0.3 m: strong blue, little red."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    return int(((blue - red > 70) & (blue >= green) & (blue > 90)).sum())


def wait_for(condition, seconds: float, words: str):
    """Poll until the condition holds; software WebGL draws a frame in a second or so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(1)
    raise AssertionError(f"after {seconds:.0f} s: {words}")


def log_in(page, twin, user: str) -> None:
    page.get_by_role("button", name="Đăng nhập").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tên đăng nhập").fill(user)
    dialog.get_by_label("Mật khẩu").fill(twin.password(user))
    dialog.get_by_role("button", name="Đăng nhập").click()
    expect(dialog).to_be_hidden()


def test_an_officer_runs_a_storm_and_learns_whom_the_water_reaches(page, demo_twin):
    # the city is there, and says that it is not a real one
    page.goto("/#c=16.8163,107.1,13.6,0,0&d=2&l=buildings:0.6,roads,water_bodies")
    expect(page.get_by_text("Thành phố giả lập")).to_be_visible()
    wait_for(lambda: pixels(page).std() > 12, 90, "the map stayed empty")
    dry = pixels(page)

    # a stranger may look at the city and not run storms
    log_in(page, demo_twin, "flood_officer")

    # the form refuses what can't be, beside the field
    page.get_by_role("button", name="Ngập lụt", exact=True).click()
    page.get_by_role("button", name="Trận mưa mới").click()
    page.get_by_role("button", name="Chạy mô phỏng").click()
    expect(page.get_by_text("Hãy đặt tên cho trận mưa.")).to_be_visible()

    # 180 mm in an hour
    page.get_by_label("Tên trận mưa").fill("Bão số 5")
    page.get_by_label(re.compile("^Tổng lượng mưa")).fill("180")
    page.get_by_label(re.compile("^Kích thước ô")).fill("2000")
    page.get_by_label(re.compile("^Thời gian chạy")).fill("1")
    page.get_by_role("button", name="Chạy mô phỏng").click()
    expect(page.get_by_text("hãy nhập từ 0,5 đến 1000 m").first).to_be_visible()
    page.complaints.clear()  # the browser notes the answer 400
    page.get_by_label(re.compile("^Kích thước ô")).fill("20")
    page.get_by_role("button", name="Chạy mô phỏng").click()

    # it survives a reload while it runs, and is done
    page.wait_for_url(re.compile("run="))
    page.reload()
    run = page.get_by_role("button", name=re.compile(r"Bão số 5\s*Xong"))
    expect(run.first).to_be_visible(timeout=240_000)

    # water is on the map, more of it than the river alone
    page.get_by_role("button", name="Độ sâu lớn nhất").click()
    wait_for(
        lambda: water(pixels(page)) > water(dry) + 3000,
        90,
        "no water was drawn for the greatest depth",
    )
    page.get_by_role("button", name="Theo thời gian").click()
    slider = page.get_by_label("Thời gian từ lúc bắt đầu")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    wait_for(
        lambda: water(pixels(page)) > water(dry) + 3000, 90, "no water was drawn at the last time"
    )
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / "storm.png", timeout=120_000)

    # a click says how deep
    page.mouse.click(MAP["x"] + MAP["width"] / 2, MAP["y"] + MAP["height"] / 2)
    expect(page.get_by_role("heading", name="Nước tại đây")).to_be_visible()
    expect(page.get_by_text("Độ sâu lúc này")).to_be_visible()
    expect(page.get_by_text("Độ sâu theo thời gian tại đây")).to_be_visible()

    # the table names the wards; a row lists its streets and marks them on the map
    page.get_by_role("group", name="Đối tượng bị ảnh hưởng").get_by_role(
        "button", name="Đường", exact=True
    ).click()
    table = page.locator("table.impacts")
    expect(table.get_by_role("columnheader", name="Tổng, km")).to_be_visible()
    before = pixels(page)
    table.get_by_role("button", name="Tất cả phường", exact=True).click()
    expect(page.locator(".affected-list li").first).to_contain_text(" m")
    wait_for(
        lambda: int((np.abs(pixels(page) - before).max(axis=2) > 60).sum()) > 500,
        60,
        "the affected streets were not marked",
    )

    # the table leaves as CSV that a spreadsheet reads
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert {len(row) for row in rows} == {7}
    assert len(rows) > 3 and any("Phường" in cell or "Đông" in cell for row in rows for cell in row)

    # and the storm's inputs as a case that another machine can repeat
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải bộ số liệu đầu vào").click()
    assert "case/CASE.toml" in zipfile.ZipFile(download.value.path()).namelist()

    assert page.foreign == []
    assert page.complaints == []


def test_the_storm_lies_on_the_terrain_among_the_buildings(page, demo_twin):
    """The one view in three dimensions: software WebGL takes its time."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/#p=flood&d=2")
    log_in(page, demo_twin, "viewer")
    page.get_by_role("button", name=re.compile(r"Bão số 5\s*Xong")).first.click()
    page.wait_for_url(re.compile("run="))
    run = re.search("run=([0-9a-f-]+)", page.url)[1]
    page.goto(f"/#c=16.8150,107.1,14.9,20,55&p=flood&m=max&run={run}")
    page.reload()
    wait_for(lambda: water(pixels(page)) > 5000, 240, "no water was drawn on the terrain")
    page.screenshot(path=ARTIFACTS / "storm-3d.png", timeout=240_000)
    assert page.complaints == []


def test_a_viewer_may_watch_a_storm_and_not_start_one(page, demo_twin):
    page.goto("/#p=flood")
    log_in(page, demo_twin, "viewer")
    expect(page.get_by_text("Bão số 5").first).to_be_visible()
    expect(page.get_by_role("button", name="Trận mưa mới")).to_be_disabled()
    expect(page.get_by_text(re.compile("Chỉ cán bộ phòng chống lụt"))).to_be_visible()


@pytest.mark.parametrize("address", ["/", "/admin/login/", "/api/docs"])
def test_pages_need_no_other_server(page, address):
    page.goto(address)
    page.wait_for_timeout(1500)
    assert page.foreign == []
    assert page.complaints == []
