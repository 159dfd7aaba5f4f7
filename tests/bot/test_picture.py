"""The picture of a network path."""

import io
from dataclasses import replace

from PIL import Image

from bot.picture import COLOURS, WIDTH, draw
from checks.path.explain import explain
from checks.result import Status
from tests.checks.path.place import BACKEND, POSTGRES, REDIS, seed, staging
from tests.checks.path.test_explain import CASES


def opened(png: bytes) -> Image.Image:
    """The picture of a PNG."""
    return Image.open(io.BytesIO(png)).convert("RGB")


def has(image: Image.Image, colour: str) -> bool:
    """Whether a colour is in a picture."""
    wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return any(found == wanted for _, found in image.getcolors(1 << 20) or ())


def test_a_closed_path_is_red_where_it_is_closed() -> None:
    """The seed's picture has green boxes, a red one, and words that say it all."""
    picture = draw("backend", explain(seed(), BACKEND, REDIS)[0])
    image = opened(picture.png)
    assert image.width == WIDTH
    assert has(image, COLOURS[Status.FAIL])
    assert has(image, COLOURS[Status.PASS])
    assert "closed at network" in picture.alt
    assert "connector legacy-connector READY, then network default" in picture.alt


def test_an_open_path_has_no_red() -> None:
    """Neither has a detour."""
    for state, target in ((staging(), REDIS), (seed(), POSTGRES)):
        assert not has(opened(draw("backend", explain(state, BACKEND, target)[0]).png), COLOURS[Status.FAIL])


def test_every_case_can_be_drawn() -> None:
    """Every tenth row of the table gives a PNG of a sensible size, with words."""
    for case in CASES[::10]:
        picture = draw("backend", explain(case.state, BACKEND, case.target, planned=case.planned)[0])
        image = opened(picture.png)
        assert 200 < image.height < 1_000
        assert 0 < len(picture.alt) < 2_000


def test_long_and_foreign_names_stay_within_the_picture() -> None:
    """A name that is too long is cut, one in another script is drawn with question marks."""
    target = replace(REDIS, title="キャッシュ" * 60)
    assert opened(draw("b" * 300, explain(seed(), BACKEND, target)[0]).png).width == WIDTH
