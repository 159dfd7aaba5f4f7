"""What expressions see of the environment's own tests."""

from pathlib import Path
from typing import Any

from checks.environment import Environment
from checks.environment import Tests as Declared
from runbooks.values import CITE, Partial
from tests.checks.drift.three_sides import environment
from tests.runbooks.evidence.looking import gap_in, scope, see


def declared(folder: str) -> Environment:
    """Staging with other tests, or with none."""
    suite = Declared(folder=folder, base="SSotAsyncTestCase") if folder else None
    return environment().model_copy(update={"tests": suite})


async def suite(file: Environment) -> Any:
    """The root of expressions."""
    return await see("tests", scope(file=file))


async def test_the_tests_of_staging_all_have_the_base() -> None:
    """Four classes in two files, of which one derives from it over another."""
    seen = await suite(environment())
    assert (seen["classes"], seen["without_base"]) == (4, ())
    assert (seen["base"], seen["folder"]) == ("SSotAsyncTestCase", "tests/staging")


async def test_a_class_without_it_is_cited_with_its_place(tmp_path: Path) -> None:
    """And a file that cannot be read makes the list partial."""
    (tmp_path / "test_a.py").write_text("class TestA:\n  def test_a(self): ...\n")
    (tmp_path / "test_b.py").write_text("class (")
    seen = await suite(declared(str(tmp_path)))
    [one] = seen["without_base"]
    assert (one["name"], one["line"], one["bases"]) == ("TestA", 1, ())
    assert one[CITE]["text"] == (
        f"TestA ({tmp_path}/test_a.py:1) derives from nothing, not from SSotAsyncTestCase"
    )
    assert isinstance(seen["without_base"], Partial)
    assert "test_b.py: it is no Python" in seen["without_base"].gaps[0].why


async def test_a_file_that_names_no_tests_has_none() -> None:
    """That is known, not unknown."""
    assert await suite(declared("")) == {"base": "", "folder": "", "classes": 0, "without_base": ()}


async def test_a_folder_that_is_not_there_is_unknown() -> None:
    """The field to compare is named."""
    assert "compare `tests.folder`" in gap_in(await suite(declared("nowhere"))).why
