"""notebooks/storm.ipynb runs from a clean kernel, and its map draws with the network cut."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "storm.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> nbformat.NotebookNode:
    """The notebook after a run in a kernel of its own, away from the checkout."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setenv("NUMBA_NUM_THREADS", "1")  # a small grid; threads would wait for each other
        # This interpreter's kernel, whatever others are installed on the machine.
        patch.setenv("JUPYTER_PATH", str(Path(sys.prefix) / "share" / "jupyter"))
        client = NotebookClient(
            notebook,
            timeout=240,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute()
    return notebook


def html_outputs(notebook: nbformat.NotebookNode) -> list[str]:
    return [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]


def test_committed_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_runs_from_a_clean_kernel(executed):
    errors = [
        output
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if output.output_type in ("error", "stream")
    ]
    assert not errors, errors
    counts = [cell.execution_count for cell in executed.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_the_water_is_where_the_text_says(executed):
    """The hollow fills and stays full; the river rises and falls again."""
    text = "\n".join(
        output["data"]["text/plain"]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if "text/plain" in output.get("data", {})
    )
    assert "90.0 mm" in text
    table = next(part for part in text.split("name ") if "village" in part.splitlines()[0])
    rows = [line.split() for line in table.splitlines()[2:11]]
    bridge, village = ([float(row[k]) for row in rows] for k in (1, 2))
    assert max(bridge) > 1.5 and bridge[-1] < 0.7 * max(bridge)
    assert village[-1] > 0.8


def test_its_map_draws_with_the_network_cut(executed, chromium, tmp_path):
    from PIL import Image

    page_file = tmp_path / "storm.html"
    body = "\n".join(html_outputs(executed))
    page_file.write_text(f"<!doctype html><meta charset=utf-8><body>{body}</body>", "utf-8")
    asked: list[str] = []
    complaints: list[str] = []

    def only_this_machine(route) -> None:
        url = route.request.url
        if url.startswith(("file://", "data:", "blob:", "http://127.0.0.1", "http://localhost")):
            route.continue_()
        else:
            asked.append(url)
            route.abort()

    context = chromium.new_context(viewport={"width": 900, "height": 700})
    try:
        context.route("**/*", only_this_machine)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.goto(page_file.as_uri())
        frame = page.locator("iframe").last
        frame.content_frame.locator("canvas").first.wait_for()
        shares = {"ground": 0.0, "water": 0.0}
        for _ in range(60):
            picture = Image.open(io.BytesIO(frame.screenshot())).convert("RGB")
            shares = drawn(np.asarray(picture).astype(int))
            if min(shares.values()) > 0.005:
                break
            page.wait_for_timeout(500)
        assert shares["ground"] > 0.1, shares  # the shaded valley fills a good part of the frame
        assert shares["water"] > 0.005, shares  # and blue water lies in it
    finally:
        context.close()
    assert asked == []  # the page's own policy would also say so on the console
    assert complaints == []


def drawn(pixels: np.ndarray) -> dict[str, float]:
    """Shares of the picture that look like ground (warm gray) and like deep water (blue)."""
    red, green, blue = (pixels[..., k] for k in range(3))
    ground = (red > blue + 8) & (red < 235) & (red >= green)
    water = (blue > red + 40) & (blue > green)
    return {"ground": float(ground.mean()), "water": float(water.mean())}
