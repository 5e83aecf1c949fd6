"""Pages for notebooks: no link outside is left, and decks that need the network are named."""

from __future__ import annotations

import re

import numpy as np
import pydeck
import pytest

from twin.core.errors import BadInput
from twin.notebook import data_url, depth_colors, offline_deck


def deck(layer: pydeck.Layer, provider: str | None = None) -> pydeck.Deck:
    return pydeck.Deck([layer], map_provider=provider)


def points() -> pydeck.Layer:
    rows = [{"place": [107.1, 16.8], "see": "https://example.org"}]
    return pydeck.Layer("ScatterplotLayer", rows, get_position="place")


def head(page: str) -> list[str]:
    """Everything the page itself loads: sources and links of its tags, scripts' text apart."""
    without_scripts = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    return re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[^>]*>", without_scripts)


def test_pydeck_alone_still_links_to_content_networks():
    """If this fails, pydeck has mended it and offline_deck may be shortened."""
    assert head(deck(points()).to_html(as_string=True, offline=True, notebook_display=False))


def test_no_link_is_left_and_the_policy_comes_first():
    page = offline_deck(deck(points())).html
    assert head(page) == []
    assert page.index("Content-Security-Policy") < page.index("<script")
    assert "createDeck({" in page


def test_a_notebook_shows_the_page_in_a_frame():
    shown = offline_deck(deck(points()), height=320)._repr_html_()
    assert shown.startswith('<iframe style="width:100%;height:320px')
    assert 'srcdoc="&lt;!DOCTYPE html&gt;' in shown


def test_a_deck_that_needs_the_network_is_refused_with_words():
    with pytest.raises(BadInput, match="map_provider=None"):
        offline_deck(deck(points(), "carto"))
    with pytest.raises(BadInput, match=r"GeoJsonLayer reads its data from https://example\.org"):
        offline_deck(deck(pydeck.Layer("GeoJsonLayer", "https://example.org/a.json")))
    with pytest.raises(BadInput, match="TileLayer reads its data"):
        offline_deck(deck(pydeck.Layer("TileLayer", "//example.org/{z}/{x}/{y}.png")))


def test_depth_colors_are_the_viewers():
    colors = depth_colors(np.array([[np.nan, 0.0, 0.049], [0.05, 0.6, 9.0]]))
    assert colors.shape == (2, 3, 4) and colors.dtype == np.uint8
    assert not colors[0].any()
    assert colors[1, :, :3].tolist() == [[0xDE, 0xEB, 0xF7], [0x42, 0x92, 0xC6], [0x08, 0x1D, 0x58]]


def test_a_picture_survives_the_way_through_text():
    import base64
    import io

    from PIL import Image

    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    text = data_url(pixels).strip('"').removeprefix("data:image/png;base64,")
    assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) == pixels).all()
