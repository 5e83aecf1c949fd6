"""Colors as "#rrggbb": mixed, measured, and moved from the light to the dark theme."""

from __future__ import annotations

from typing import Literal

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
Shape = Literal["fill", "line", "circle"]
INK = {"light": "#16202a", "dark": "#e8eef4"}
PAPER = {"light": "#ffffff", "dark": "#131a21"}

# How far a declared color moves toward the dark paper: large areas most, small marks not at all.
TOWARD_PAPER: dict[Shape, float] = {"fill": 0.55, "line": 0.3, "circle": 0.0}


def channels(color: str) -> tuple[int, int, int]:
    """Red, green and blue of "#rrggbb" or "#rgb", 0 to 255."""
    digits = color.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def mix(color: str, other: str, share: float) -> str:
    """`color` with a share of `other`, 0 to 1."""
    pairs = zip(channels(color), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def luminance(color: str) -> float:
    """Relative luminance, 0 (black) to 1 (white), as WCAG 2 defines it."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel / 255) for channel in channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def themed(color: str, shape: Shape, theme: Theme) -> str:
    """A color declared for the light theme, as it is drawn in `theme`."""
    if theme == "light":
        return color
    moved = mix(color, PAPER["dark"], TOWARD_PAPER[shape])
    if shape == "fill":
        return moved
    # marks and lines must stand out from the dark ground
    while luminance(moved) < 0.14:
        moved = mix(moved, INK["dark"], 0.2)
    return moved
