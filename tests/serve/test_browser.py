"""The page in a real browser: from the picture to the result, by mouse and by keyboard, and when things go wrong."""

import json
import socket

import pytest

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
#: Milliseconds.
GENEROUS = 60_000


@pytest.fixture(scope="module")
def files(tmp_path_factory, photo, large_photo):
    folder = tmp_path_factory.mktemp("pictures")
    contents = {
        "photo.png": photo,
        "large.png": large_photo,
        "broken.png": photo[:2000],
        "oversized.png": bytes(2_100_000),
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def open_page(browser, server):
    """Opens pages; whatever the browser complains of, or asks other machines for, fails the test."""
    complaints, contexts = [], []

    def opened(viewport=WIDE, address=server.address, **words):
        contexts.append(browser.new_context(viewport=viewport, **words))
        page = contexts[-1].new_page()
        page.set_default_timeout(GENEROUS)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda each: complaints.append(each.url) if is_outside(each.url, address) else None)
        page.goto(address)
        return page

    opened.complaints = complaints
    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def is_outside(url, address):
    return not url.startswith((f"{address}/", "data:", f"blob:{address}/"))


def choose(page, path, **options):
    page.set_input_files("#file", path)
    page.locator("#about", has_text="pixels").wait_for()
    page.evaluate("document.getElementById('more').open = true")
    for name, value in {"size": "small", "method": "gradient", "final-step": "tv", **options}.items():
        page.select_option(f"#{name}", value)


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_from_the_picture_to_the_files(open_page, files, tmp_path):
    page = open_page(accept_downloads=True)
    choose(page, files / "photo.png")
    assert page.evaluate("document.getElementById('picture').naturalWidth") == 108
    box = page.locator("#picture").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.95 * box["height"], steps=3)
    page.mouse.up()
    assert page.is_checked("#in-region")
    assert [int(page.input_value(f"#{name}")) for name in ("left", "top")] == pytest.approx([11, 19], abs=1)
    page.click("#start")
    page.locator("#view .comparison").wait_for()
    assert page.inner_text("#work-heading") == "photo.png, sharpened"
    assert "found in a region" in page.inner_text("#summary")
    page.focus("#view input[type=range]")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.get_attribute("#view input[type=range]", "aria-valuetext") == "before 55 %, after 45 %"
    page.focus("#view .stage")
    page.keyboard.press("+")
    assert "a part of the picture" in page.inner_text("#view .status")
    names = set()
    for link in page.locator("#downloads a").all():
        with page.expect_download() as download:
            link.click()
        names.add(download.value.suggested_filename)
        download.value.save_as(tmp_path / download.value.suggested_filename)
    assert names == {"photo_sharp.png", "photo_kernel.tif", "photo_kernel.png", "photo_report.html"}
    assert all((tmp_path / name).stat().st_size for name in names)
    # Another try with it stands beside the first one, which can be looked at again.
    page.select_option("#size", "large")
    page.click("#start")
    page.locator("#strip li:nth-child(2) button[aria-current=true]").wait_for()
    page.locator("#cancel").click()
    page.locator("#strip li:nth-child(2) .state", has_text="cancelled").wait_for()
    page.locator("#strip li:nth-child(1) button").click()
    page.locator("#view .comparison").wait_for()


def test_by_keyboard_alone_on_a_phone_in_the_dark(open_page, files):
    page = open_page(PHONE, color_scheme="dark", reduced_motion="reduce")
    choose(page, files / "large.png", size="large", method="best")
    for control in ("#in-region", "#text"):
        page.focus(control)
        page.keyboard.press("Space")
    assert page.input_value("#width") == str(
        round(page.evaluate("document.getElementById('picture').naturalWidth") / 2)
    )
    assert page.is_disabled("#lights")
    page.keyboard.press("Space")
    page.focus("#start")
    page.keyboard.press("Enter")
    page.locator("#told", has_text="% done").wait_for()
    page.locator("#iterations").wait_for()
    assert fits(page)
    page.focus("#cancel")
    page.keyboard.press("Enter")
    page.locator("#ended", has_text="cancelled").wait_for()
    assert page.evaluate("document.activeElement.id") == "work-heading"
    page.focus("#remove")
    page.keyboard.press("Enter")
    assert page.locator("#strip li").count() == 0
    assert fits(page)
    text, background = (
        sum(page.evaluate("(name) => getComputedStyle(document.body)[name].match(/\\d+/g).map(Number)", name)) / 3
        for name in ("color", "backgroundColor")
    )
    assert text > 200
    assert background < 40


def test_what_is_no_picture_or_too_large_is_said_and_the_page_goes_on(open_page, files):
    page = open_page()
    page.set_input_files("#file", files / "oversized.png")
    page.locator("#problem", has_text="megabytes").wait_for()
    page.set_input_files("#file", files / "broken.png")
    page.locator("#problem", has_text="broken.png: The picture can't be read as a PNG image").wait_for()
    assert page.is_hidden("#setup")
    # A picture that is dropped anywhere on the page is taken.
    data = list((files / "photo.png").read_bytes())
    page.evaluate(
        "(data) => { const carried = new DataTransfer(); carried.items.add(new File([new Uint8Array(data)], 'dropped.png'));"
        " document.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true })); }",
        data,
    )
    page.locator("#about", has_text="dropped.png: PNG, 108 × 96 pixels").wait_for()
    assert page.is_hidden("#problem")


def test_two_tabs_have_a_queue_in_common_and_a_closed_one_leaves_it(open_page, files):
    first, second = open_page(), open_page()
    choose(first, files / "large.png", size="large", method="best")
    first.click("#start")
    first.locator("#told", has_text="% done").wait_for()
    choose(second, files / "photo.png")
    second.click("#start")
    second.locator("#told", has_text="place 1 in the queue").wait_for()
    first.close()
    second.locator("#view .comparison").wait_for()


def test_a_server_that_is_killed_and_started_again(open_page, running_server, files, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running_server(tmp_path, port) as first:
        page = open_page(address=first.address)
        choose(page, files / "large.png", size="large", method="best")
        page.click("#start")
        page.locator("#told", has_text="% done").wait_for()
        first.process.kill()
        page.locator("#problem", has_text="The server does not answer").wait_for()
    with running_server(tmp_path, port):
        page.locator("#ended", has_text="what it was doing is lost").wait_for()
        page.locator("#announcement", has_text="large.png is ready").wait_for(state="attached")
        assert page.is_hidden("#problem")
        assert page.is_enabled("#start")
    # The browser itself notes that nobody answered.
    assert all("Failed to load resource" in each for each in open_page.complaints), json.dumps(open_page.complaints)
    open_page.complaints.clear()
