"""Maps for notebooks: a pydeck deck comes in, a page that never asks the network goes out.

pydeck's own `offline=True` puts deck.gl into the page but keeps links to style sheets and a map
library on content networks. They are taken out here, and the page's own policy forbids the browser
to load anything else. No Django.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.core.errors import BadInput

if TYPE_CHECKING:
    import pydeck

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src data: blob:; worker-src blob:"
)
# What pydeck's template links to; the text of deck.gl, inside a script without src, holds neither.
FOREIGN = re.compile(
    r"<script src=[\"']?https?://[^>]*></script>|<link rel=\"stylesheet\" href=[^>]*/>"
)
URL = re.compile(r"(@@=)?[\"']?(https?:)?//")  # pydeck marks text that may be an expression by @@=

# The viewer's colors of water depth [m]; thinner water is not drawn.
DEPTH_STOPS = (0.05, 0.3, 0.6, 1.0, 2.0, 4.0)
DEPTH_COLORS = np.array(
    [
        (0xDE, 0xEB, 0xF7, 158),
        (0x9E, 0xCA, 0xE1, 194),
        (0x42, 0x92, 0xC6, 214),
        (0x21, 0x71, 0xB5, 224),
        (0x08, 0x45, 0x94, 235),
        (0x08, 0x1D, 0x58, 240),
    ],
    dtype=float,
)


@dataclass(frozen=True)
class OfflinePage:
    """A page that stands alone; a notebook shows it in a frame of `height` pixels."""

    html: str
    height: int = 500

    def __repr__(self) -> str:
        return f"A page of {len(self.html) / 1e6:.1f} MB"

    def _repr_html_(self) -> str:
        page = html.escape(self.html)
        style = f"width:100%;height:{self.height}px;border:0"
        return f'<iframe style="{style}" srcdoc="{page}"></iframe>'


def offline_deck(deck: pydeck.Deck, height: int = 500) -> OfflinePage:
    """The deck as a page without any link to the outside.

    Raises BadInput where the deck needs the network: a base map, or a layer that reads a URL.
    """
    if deck.map_provider:
        raise BadInput(
            f'The base map of "{deck.map_provider}" comes from the network; '
            "make the deck with map_provider=None and draw the ground as a layer"
        )
    for layer in json.loads(deck.to_json()).get("layers") or []:
        for key, value in layer.items():
            if isinstance(value, str) and URL.match(value):
                raise BadInput(
                    f"The {layer['@@type']} reads its {key} from {value}, which needs the "
                    "network; load it in the notebook and give the layer the values"
                )
    page = deck.to_html(as_string=True, notebook_display=False, offline=True)
    page = FOREIGN.sub("", page)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />'
    return OfflinePage(page.replace("<head>", f"<head>\n    {policy}", 1), height)


def depth_colors(depth: np.ndarray) -> np.ndarray:
    """Red, green, blue and opacity (0 to 255, uint8) of water depths [m]; (…,) gives (…, 4).

    Dry cells, cells outside the model (NaN) and water below 5 cm are transparent.
    """
    depth = np.asarray(depth, dtype=float)
    known = np.nan_to_num(depth, nan=0.0)
    channels = [np.interp(known, DEPTH_STOPS, channel) for channel in DEPTH_COLORS.T]
    colors = np.stack(channels, axis=-1)
    colors[known < DEPTH_STOPS[0]] = 0
    return np.rint(colors).astype(np.uint8)


def data_url(pixels: np.ndarray) -> str:
    """A picture (rows, cols, 3 or 4; uint8) as PNG text for a pydeck BitmapLayer's `image`."""
    import base64
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode()
    return f'"data:image/png;base64,{text}"'  # pydeck takes text in quotes for a value
