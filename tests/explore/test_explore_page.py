"""The page in a real browser: keyboard, narrow screens, failing hypotheses, edges, and the state in the address."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import bounds
from verify.cli import main
from verify.explore import build_page


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("explore") / "page.html"
    assert main(["explore", "--out", str(path)]) == 0
    return path


@pytest.fixture
def opened(browser, file):
    """Open the page at some state, and fail on any error or request of its own."""
    pages, complaints = [], []

    def open_at(state="", width=1280, height=900, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
        page.on(
            "request", lambda sent: complaints.append(sent.url) if not sent.url.startswith(("file:", "data:")) else None
        )
        page.goto(file.as_uri() + state)
        page.wait_for_selector("body[data-ready=true]")
        pages.append(page)
        return page

    yield open_at
    for page in pages:
        page.close()
    assert complaints == []


def test_the_command_says_what_it_wrote(tmp_path, capsys):
    path = tmp_path / "page.html"
    assert main(["explore", "--out", str(path), "--json"]) == 0
    assert f'"theorems": {len(bounds.catalog())}' in capsys.readouterr().out
    assert main(["explore", "--out", str(tmp_path)]) == 2
    assert "is a directory" in capsys.readouterr().err
    assert main(["explore", "--out", str(tmp_path / "no" / "page.html")]) == 2
    assert "no directory" in capsys.readouterr().err


def test_the_page_is_small_whole_and_the_same_every_time(file):
    page = file.read_text(encoding="utf-8")
    assert len(page.encode()) < 1_000_000
    assert page == build_page()
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert "@import" not in page
    for theorem in bounds.catalog():
        assert theorem.id in page


def test_elements_are_closed(file):
    class Balance(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.ids = [], []

        def handle_starttag(self, tag, attributes):
            self.ids += [value for name, value in attributes if name == "id"]
            if tag not in ("meta", "link", "input", "br", "img"):
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    reader = Balance()
    reader.feed(file.read_text(encoding="utf-8"))
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids)


def test_a_page_of_one_theorem(tmp_path, browser):
    path = tmp_path / "one.html"
    path.write_text(build_page([bounds.get("lemma.pinsker")]), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready=true]")
    assert page.text_content("#title") == "lemma.pinsker"
    page.close()


def test_it_is_painted_within_a_second(opened):
    page = opened()
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    # The machine that tests may be busy: a second on a quiet one.
    assert page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") < 4000


def test_value_command_and_python_line_agree_with_the_library(opened, capsys):
    page = opened("#bertrand2024.jacobian?lam=0.3&L=0.2&epsilon=1/10&curvature=0.3")
    assert page.text_content("#digits") == "0.47058823529411764"
    assert "below the trivial value 1" in page.text_content("#verdict")
    command = page.text_content("#command").split()
    assert command[:2] == ["loopbounds", "eval"]
    assert main([*command[1:], "--json"]) == 0
    assert '"value": 0.47058823529411764' in capsys.readouterr().out
    assert eval(page.text_content("#python"), {"bounds": bounds}) == 0.47058823529411764


def test_a_failing_hypothesis_leaves_no_number(opened):
    page = opened("#bertrand2024.jacobian?lam=0.4&L=1&epsilon=0.3&curvature=0.5")
    assert page.text_content("#value") == "—"
    assert page.get_attribute("#result", "data-status") == "inapplicable"
    assert "left side 0.64, right side 0.5" in page.text_content("#hypotheses")
    assert page.locator("#hypotheses li.fails").count() == 1


def test_the_edge_of_a_hypothesis(opened):
    page = opened("#ferbach2024.kl_ball?K=4&lam=1/3")
    assert page.get_attribute("#result", "data-status") == "inapplicable"
    assert "both sides are equal: 1" in page.text_content("#hypotheses")
    page.fill("#box-lam", "0.33333333333333333333")
    assert page.get_attribute("#result", "data-status") == "holds"
    # Both sides round to 1 in six digits: more digits are shown.
    assert "right side 1" in page.text_content("#hypotheses")
    page.fill("#box-lam", "0")
    assert page.text_content("#value") == "0"


def test_a_number_outside_its_domain_is_explained(opened):
    page = opened("#fu2024.real_plus_last")
    page.fill("#box-alpha", "2")
    assert "must be a real number in [0, 1]" in page.text_content("#problem-alpha")
    assert page.get_attribute("#box-alpha", "aria-invalid") == "true"
    assert page.text_content("#value") == "—"
    assert page.text_content("#command") == ""
    page.fill("#box-alpha", "two")
    assert "not a number" in page.text_content("#problem-alpha")
    page.fill("#box-alpha", "1")
    assert page.text_content("#problem-alpha") == ""
    assert page.get_attribute("#result", "data-status") == "holds"


def test_the_uninformative_range_is_marked(opened):
    page = opened("#lemma.pinsker?kl=8")
    page.wait_for_selector("#plot[data-finished=true]")
    assert page.get_attribute("#result", "data-status") == "useless"
    assert page.locator("#plot .band.useless").count() == 1
    assert page.locator("#plot path.curve").count() == 2
    assert "uninformative for kl from 2." in page.text_content("#caption")


def test_the_inapplicable_range_is_marked(opened):
    page = opened("#bertrand2024.jacobian?over=lam")
    page.wait_for_selector("#plot[data-finished=true]")
    assert page.locator("#plot .band.inapplicable").count() == 1
    assert "does not apply for lam" in page.text_content("#caption")


def test_infinity_where_it_is_allowed(opened):
    page = opened("#ferbach2024.concentration?K=inf&gap=inf&p_star=0.5&t=3")
    assert page.text_content("#value") == "0"
    assert page.get_attribute("#result", "data-status") == "holds"


def test_everything_by_keyboard(opened):
    page = opened()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("kl ball")
    page.wait_for_function("document.getElementById('found').textContent.startsWith('2 of')")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#search", "aria-activedescendant") == "option-ferbach2024.kl_ball_refined"
    page.keyboard.press("Enter")
    assert page.text_content("#title") == "ferbach2024.kl_ball_refined"
    reached, order = set(), []
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.id || document.activeElement.className")
        order.append(here)
        reached.add(here)
        if here == "choice-form":
            page.keyboard.press("ArrowDown")
            assert "form=chord" in page.text_content("#command")
        if here == "slider" and order.count("slider") == 1:
            before = page.input_value("#box-K")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("PageUp")
            assert page.input_value("#box-K") != before
            assert page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == page.input_value("#box-K")
    assert {"formula", "reset", "choice-form", "box-K", "box-lam", "slider", "over", "y-scale"} <= reached
    assert page.evaluate("getComputedStyle(document.getElementById('result')).display") != "none"


def test_focus_is_seen(opened):
    page = opened()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_controls_are_labelled_and_results_announced(opened):
    page = opened("#fu2024.girsanov")
    unnamed = page.evaluate(
        """[...document.querySelectorAll('input, select, button')].filter((node) =>
             !(node.labels && node.labels.length) && !node.getAttribute('aria-label') && !node.textContent.trim()).length"""
    )
    assert unnamed == 0
    assert page.get_attribute("#result", "aria-live") == "polite"
    assert page.locator("[aria-describedby]").count() >= 3


def test_the_address_keeps_the_state(opened):
    page = opened("#fu2025.attention_recursive_stability?measure=one&n=50&over=alpha&y=log")
    assert page.input_value("#box-n") == "50"
    assert page.input_value("#choice-measure") == "one"
    assert page.input_value("#over") == "alpha"
    assert page.input_value("#y-scale") == "log"
    page.fill("#box-n", "80")
    page.wait_for_function("location.hash.includes('n=80')")
    again = opened(page.evaluate("location.hash"))
    assert again.input_value("#box-n") == "80"
    assert again.text_content("#value") == page.text_content("#value")
    page.evaluate("location.hash = '#lemma.pinsker?kl=0.02'")
    page.wait_for_function("document.getElementById('title').textContent === 'lemma.pinsker'")
    assert page.text_content("#value") == "0.1"


@pytest.mark.parametrize(
    "state", ["", "#no.such.theorem", "#lemma.pinsker?kl=<b>x</b>", "#lemma.pinsker?nothing=1&over=zz", "#%"]
)
def test_odd_addresses_do_no_harm(state, opened):
    page = opened(state)
    assert page.text_content("#title") in [theorem.id for theorem in bounds.catalog()]
    assert page.locator("#symbols b").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["", "#fu2024.kde_loop_reused?t=2&over=n", "#bertrand2024.finite_sample"])
def test_a_narrow_screen_does_not_scroll_sideways(state, scheme, opened):
    page = opened(state, width=360, height=740, scheme=scheme)
    page.wait_for_selector("#plot[data-finished=true]", timeout=60000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not page.is_visible("#list")
    page.focus("#search")
    assert page.is_visible("#list")


def test_the_list_closes_on_a_narrow_screen_once_a_theorem_is_chosen(opened):
    page = opened(width=360, height=740)
    page.fill("#search", "pinsker")
    page.click("#list [role=option]:not([hidden])")
    assert page.text_content("#title") == "lemma.pinsker"
    assert not page.is_visible("#list")


CONTRAST = """
(() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = 'p, h1, h2, li, label, code, button, summary, select, input[type=text], output, figcaption, footer';
  const found = [];
  for (const node of document.querySelectorAll(texts)) {
    if (!node.textContent.trim() || node.closest('[hidden], .sr, .skip, svg')) continue;
    const pair = [light(channels(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) found.push([node.id || node.className || node.tagName, ratio]);
  }
  return found;
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "state", ["#lemma.pinsker?kl=8", "#bertrand2024.jacobian?lam=0.6", "#bertrand2024.jacobian?lam=0.1"]
)
def test_text_is_legible(state, scheme, opened):
    page = opened(state, scheme=scheme)
    # Colours may still be on their way.
    page.wait_for_timeout(300)
    assert page.evaluate(CONTRAST) == []


def test_a_new_address_is_not_lost_to_the_old_state_that_is_being_written(opened):
    page = opened("#bertrand2024.jacobian")
    first, second = "ferbach2024.uncurated_mixture", "fu2024.fully_synthetic"
    page.evaluate(f"location.hash = '#{first}'")
    page.wait_for_function(f"document.getElementById('title').textContent === '{first}'")
    # The time to write the state of the first comes right after the address has changed, before the news of that.
    page.evaluate(
        """(id) => {
            setTimeout(() => { location.hash = '#' + id; }, 100);
            document.getElementById("reset").click();
            const stop = performance.now() + 400;
            while (performance.now() < stop);
        }""",
        second,
    )
    page.wait_for_function(f"document.getElementById('title').textContent === '{second}'", timeout=5000)


def test_every_theorem_opens(opened):
    page = opened()
    for theorem in bounds.catalog():
        page.evaluate(f"location.hash = '#{theorem.id}'")
        page.wait_for_function(f"document.getElementById('title').textContent === '{theorem.id}'")
        assert page.get_attribute("#result", "data-status") in ("holds", "useless"), theorem.id
        assert page.locator("#formula math").bounding_box()["height"] > 10
        assert page.locator("merror").count() == 0
