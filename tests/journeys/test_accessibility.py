"""Every screen by the rules of WCAG 2.1 AA, in both languages and themes, checked by axe-core."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import ROOT
from tests.journeys.test_storm import log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = ROOT / "twin" / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}"
WORDS = {
    "vi": {"storm": "Trận mưa mới", "form": "Chạy mô phỏng"},
    "en": {"storm": "New storm", "form": "Run the storm"},
}


def violations(page) -> list[str]:
    """What axe-core finds on the page as it is, a line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(f"axe.run(document, {RULES})")["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("language", "theme"), [("vi", "light"), ("en", "dark")])
def test_no_screen_shuts_anybody_out(page, demo_twin, language, theme):
    page.goto("/#d=2&lang=vi&p=layers")
    log_in(page, demo_twin, "flood_officer")
    page.goto(f"/#d=2&lang={language}&theme={theme}&p=layers&l=roads")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert violations(page) == []
    page.goto(f"/#d=2&lang={language}&theme={theme}&p=flood&l=roads")
    page.reload()
    page.get_by_role("button", name=WORDS[language]["storm"]).click()
    expect(page.locator("form.storm-form")).to_be_visible()
    assert violations(page) == []
