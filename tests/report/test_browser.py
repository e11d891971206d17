"""The page in a real browser: nothing goes wrong in it, and every control does what it says, by keyboard and by pointer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pydeblur.report.page import report_page

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def files(tmp_path_factory, result, colour_result):
    folder = tmp_path_factory.mktemp("pages")
    for name, each in (("grey", result), ("colour", colour_result)):
        (folder / f"{name}.html").write_text(report_page(each, name=f"{name}.png"), encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser, files):
    """Opens a page; whatever the browser complains of, or asks the network for, fails the test."""
    complaints, contexts = [], []

    def opened(name="grey", viewport=WIDE, **words):
        contexts.append(browser.new_context(viewport=viewport, **words))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if is_outside(request.url) else None)
        page.goto(Path(files / f"{name}.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def is_outside(address):
    return not address.startswith(("file:", "data:"))


def view(page):
    return [float(number) for number in page.get_attribute(".stage svg", "viewBox").split()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("name", ["grey", "colour"])
def test_it_fits_the_window_and_its_text_stands_out(open_page, name, viewport, scheme):
    page = open_page(name, viewport, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    colours = "(name) => getComputedStyle(document.body)[name].match(/\\d+/g).map(Number)"
    text, background = (sum(page.evaluate(colours, name)) / 3 for name in ("color", "backgroundColor"))
    assert (text < 64 and background > 230) if scheme == "light" else (text > 200 and background < 40)
    assert page.evaluate("[...document.images].every((each) => each.complete && each.naturalWidth > 0)")


def test_the_dividing_line_follows_the_keys_of_its_slider(open_page):
    page = open_page()
    width = view(page)[2]
    page.focus("input[type=range]")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert page.get_attribute("input[type=range]", "aria-valuetext") == "before 60 %, after 40 %"
    assert float(page.get_attribute(".divider line", "x1")) == pytest.approx(0.6 * width)
    page.keyboard.press("Home")
    assert float(page.get_attribute("clipPath:last-of-type rect", "width")) == width
    page.keyboard.press("End")
    assert float(page.get_attribute("clipPath:last-of-type rect", "width")) == 0


def test_keys_in_the_picture_zoom_and_move(open_page):
    page = open_page()
    whole = view(page)
    page.focus(".stage")
    page.keyboard.press("ArrowRight")
    assert page.input_value("input[type=range]") == "52"
    page.keyboard.press("+")
    closer = view(page)
    assert closer[2] == pytest.approx(whole[2] / 1.5)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert view(page)[0] == pytest.approx(closer[0] + 0.1 * closer[2])
    assert view(page)[1] == pytest.approx(closer[1] + 0.1 * closer[3])
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert view(page)[0] == pytest.approx(0)
    page.keyboard.press("-")
    assert view(page)[2] == pytest.approx(whole[2])
    page.keyboard.press("1")
    assert "100 %" in page.inner_text(".status") or view(page) == whole
    page.keyboard.press("0")
    assert view(page) == whole


def test_every_control_is_reached_by_the_tab_key_and_shows_that(open_page):
    page = open_page("colour")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const at = document.activeElement; return [at.tagName, at.className, at.textContent.trim().slice(0, 24),"
            " getComputedStyle(at).outlineStyle] }"
        )
        reached.append(tuple(focused))
    names = {(tag, words) for tag, _, words, _ in reached}
    assert ("A", "Go to the contents") in names
    assert any("stage" in kind for _, kind, _, _ in reached)
    for words in ("Whole picture", "+", "−", "Actual size"):
        assert ("BUTTON", words) in names
    assert sum(tag == "INPUT" for tag, *_ in reached) >= 3
    assert {words for tag, _, words, _ in reached if tag == "SUMMARY"} == {"All figures as a table", "All options"}
    assert all(style != "none" for tag, _, _, style in reached if tag != "BODY")


def test_buttons_and_boxes_work_by_keyboard(open_page):
    page = open_page("colour")
    whole = view(page)
    page.focus("[data-action=closer]")
    page.keyboard.press("Enter")
    assert view(page)[2] < whole[2]
    page.focus("[data-action=whole]")
    page.keyboard.press("Space")
    assert view(page) == whole
    for layer in ("kernels", "region"):
        page.focus(f"[data-layer={layer}]")
        page.keyboard.press("Space")
        assert page.get_attribute(f".stage .{layer}", "visibility") == "hidden"


def test_the_kernel_has_the_pictures_scale_and_stays_in_view(open_page):
    page = open_page()
    for key in ("0", "+", "+", "ArrowRight"):
        page.focus(".stage")
        page.keyboard.press(key)
        boxes = page.evaluate(
            "() => ['.kernels g', '.stage svg'].map((name) => { const box = document.querySelector(name)"
            ".getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; })"
        )
        (left, top, right, bottom), (stage_left, stage_top, stage_right, stage_bottom) = boxes
        magnification = (stage_right - stage_left) / view(page)[2]
        assert right - left == pytest.approx(9 * magnification, abs=3)
        assert stage_left <= left
        assert right <= stage_right
        assert stage_top <= top
        assert bottom <= stage_bottom


def test_the_mouse_drags_the_line_and_then_the_view(open_page):
    page = open_page()
    box = page.locator(".stage").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle)
    page.mouse.up()
    assert float(page.input_value("input[type=range]")) == pytest.approx(25, abs=1)
    page.focus(".stage")
    page.keyboard.press("+")
    before = view(page)
    page.mouse.move(box["x"] + 0.7 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle)
    page.mouse.up()
    assert view(page)[0] == pytest.approx(before[0] + 0.1 * before[2], rel=0.02)


def test_without_a_script_both_halves_are_there_and_no_dead_control(open_page):
    page = open_page(java_script_enabled=False)
    assert page.locator(".controls").is_hidden()
    assert page.locator(".stage svg").is_visible()
    assert page.locator("h2", has_text="Iterations").is_visible()


@pytest.mark.parametrize("shape", [(1200, 60), (60, 1200)])
def test_strips_leave_room_to_look_at(open_page, files, result, shape):
    strip = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    page_of_strip = report_page(replace(result, blurred=strip, unclipped=strip / 255))
    (files / "strip.html").write_text(page_of_strip, encoding="utf-8")
    page = open_page("strip")
    box = page.locator(".stage").bounding_box()
    assert min(box["width"], box["height"]) > 250
    page.focus("input[type=range]")
    page.keyboard.press("Home")
    assert float(page.get_attribute(".divider line", "x1")) == pytest.approx(0, abs=0.01)
    page.keyboard.press("End")
    assert float(page.get_attribute(".divider line", "x1")) == pytest.approx(shape[1], abs=0.01)
