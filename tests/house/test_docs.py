"""What the documents say can be followed: every link leads somewhere, every command exists."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.house.tree import ROOT, tracked

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MAKE = re.compile(r"\bmake ([a-z]+)\b")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings make."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for page in tracked("*.md"):
        for target in LINK.findall(page.read_text("utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = unquote(target).partition("#")
            aim = (page.parent / file).resolve() if file else page
            if not aim.exists() or (anchor and aim.suffix == ".md" and anchor not in anchors(aim)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")

    assert [] == broken


def test_every_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    missing = {
        f"{page.relative_to(ROOT)}: make {name}"
        for page in tracked("*.md")
        for code in CODE.findall(page.read_text("utf-8"))
        for name in MAKE.findall(code)
        if name not in targets
    }

    assert set() == missing


def test_every_target_of_the_makefile_is_explained_by_make_help() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()

    assert set(phony) == set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))


def test_the_readme_names_the_two_commands() -> None:
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("README.md is not written yet")

    assert {"run", "test"} <= set(MAKE.findall(readme.read_text("utf-8")))


def test_every_room_has_its_floor_in_the_picture_of_the_house() -> None:
    picture = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = {path.relative_to(ROOT / "scheduler").parts[0] for path in tracked("scheduler/*.py")} - {"__init__.py"}

    missing = {room for room in rooms if f"`{room.removesuffix('.py') if '__' in room else room}" not in picture}
    assert set() == missing


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.name)
def test_a_decision_fits_on_a_page_and_tells_why_what_and_at_which_price(page: Path) -> None:
    text = page.read_text("utf-8")

    assert len(text.splitlines()) <= 70
    assert ["Why", "Decision", "Price"] == re.findall(r"^## (.+)$", text, re.MULTILINE)
