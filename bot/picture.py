"""A picture of a network path: boxes from the revision down to the target, broken where it is broken.

Drawn at twice its size, for sharp screens. Slack shows no SVG, so it is a PNG; its words are those of the
message, and `alt` says all that it shows.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.output.path import title
from checks.path.model import Path
from checks.path.stations import Station, stations
from checks.result import Status

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

WIDTH, MARGIN = 880, 32
BOX, GAP, RADIUS = 84, 44, 14
TEXT, SMALL, HEADING = 27, 21, 30
ALT = 1_900
PAPER, EDGE, INK, SOFT = "#ffffff", "#d5d9e0", "#1f2a37", "#5b6675"
COLOURS = {
    Status.PASS: "#1a7f4b",
    Status.FAIL: "#c4252f",
    Status.UNKNOWN: "#8a6100",
    Status.SKIPPED: "#8b95a3",
}
DETOUR = "#8a6100"
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and the words that say it all."""

    png: bytes
    alt: str


def draw(key: str, path: Path) -> Picture:
    """The picture of one path; `key` names its service. Takes some 50 ms: call it in a thread."""
    # Costs a tenth of a second, and a bot that is never asked for a path needs none of it.
    from PIL import Image, ImageDraw

    row = stations(path)
    top = MARGIN + HEADING + 28
    height = top + len(row) * BOX + (len(row) - 1) * GAP + MARGIN
    image = Image.new("RGB", (WIDTH, height), PAPER)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, WIDTH - 1, height - 1), outline=EDGE, width=2)
    _write(
        canvas,
        (MARGIN, MARGIN),
        title(key, path),
        HEADING,
        _colour(path.verdict, path.steps),
        WIDTH - 2 * MARGIN,
    )
    for place, station in enumerate(row):
        y = top + place * (BOX + GAP)
        _box(canvas, y, station)
        if place + 1 < len(row):
            _arrow(canvas, y + BOX, station)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return Picture(out.getvalue(), alternative(key, path))


def alternative(key: str, path: Path) -> str:
    """What the picture shows, in words."""
    names = [
        " ".join(dict.fromkeys(filter(None, (each.kind, each.name, each.note)))) for each in stations(path)
    ]
    said = f" {path.deciding.message}" if path.deciding else ""
    return f"{title(key, path)}. From top to bottom: {', then '.join(names)}.{said}"[:ALT]


def _colour(status: Status, steps: tuple[object, ...]) -> str:
    around = any(getattr(step, "detour", False) for step in steps)
    return DETOUR if around and status is Status.PASS else COLOURS[status]


def _box(canvas: "ImageDraw", y: int, station: Station) -> None:
    shape = (MARGIN, y, WIDTH - MARGIN, y + BOX)
    colour = _colour(station.status, station.steps)
    faded = station.beyond and station.status is not Status.FAIL
    canvas.rounded_rectangle(shape, RADIUS, outline=EDGE if faded else colour, width=3)
    _mark(canvas, (MARGIN + 44, y + BOX // 2), station.status, COLOURS[Status.SKIPPED] if faded else colour)
    left, room = MARGIN + 84, WIDTH - 2 * MARGIN - 104
    kind = station.kind if station.kind != station.name else ""
    small = " · ".join(filter(None, (kind, station.note)))
    _write(canvas, (left, y + 12), station.name, TEXT, SOFT if faded else INK, room)
    _write(canvas, (left, y + 48), small, SMALL, SOFT, room)


def _mark(canvas: "ImageDraw", middle: Point, status: Status, colour: str) -> None:
    """A disc with a tick, a cross, a question mark or a dash: never colour alone."""
    x, y = middle
    canvas.ellipse((x - 22, y - 22, x + 22, y + 22), fill=colour)
    if status is Status.PASS:
        canvas.line(((x - 10, y), (x - 3, y + 8), (x + 11, y - 8)), PAPER, 5, joint="curve")
    elif status is Status.FAIL:
        _cross(canvas, middle, 9, PAPER)
    elif status is Status.UNKNOWN:
        canvas.text(middle, "?", PAPER, _font(30), anchor="mm")
    else:
        canvas.line(((x - 9, y), (x + 9, y)), PAPER, 5)


def _cross(canvas: "ImageDraw", middle: Point, size: int, colour: str) -> None:
    x, y = middle
    canvas.line(((x - size, y - size), (x + size, y + size)), colour, 5)
    canvas.line(((x - size, y + size), (x + size, y - size)), colour, 5)


def _arrow(canvas: "ImageDraw", y: int, above: Station) -> None:
    """To the next box: whole, broken by a cross, or dashed where packets no longer get to."""
    x, end = MARGIN + 44, y + GAP
    if above.beyond or above.status is Status.FAIL:
        for start in range(y + 4, end - 2, 10):
            canvas.line(((x, start), (x, min(start + 5, end))), COLOURS[Status.SKIPPED], 4)
        if above.status is Status.FAIL:
            canvas.rectangle((x - 16, y + 6, x + 16, end - 6), fill=PAPER)
            _cross(canvas, (x, y + GAP // 2), 11, COLOURS[Status.FAIL])
        return
    colour = _colour(above.status, above.steps)
    canvas.line(((x, y), (x, end - 12)), colour, 4)
    canvas.polygon(((x - 10, end - 16), (x + 10, end - 16), (x, end - 2)), fill=colour)


def _write(canvas: "ImageDraw", at: Point, text: str, size: int, colour: str, room: int) -> None:
    font = _font(size)
    shown = _plain(text)
    while shown and canvas.textlength(shown, font) > room:
        shown = shown.rstrip(".")[:-1].rstrip() + "..."
    canvas.text(at, shown, colour, font)


def _font(size: int) -> "FreeTypeFont | ImageFont":
    """Pillow's own font, which comes with it."""
    from PIL.ImageFont import load_default

    return load_default(size)


def _plain(text: str) -> str:
    """Text in what that font has: Latin letters."""
    dashed = text.replace("→", "to").replace("·", "-").replace("—", "-").replace("…", "...")
    return "".join(each if each.isprintable() and ord(each) < 256 else "?" for each in dashed)
