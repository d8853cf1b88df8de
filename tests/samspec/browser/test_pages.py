"""The console and docs pages in headless Chromium: `scripts/test tests/samspec/browser`.

Needs Chromium and its driver (Debian: apt install chromium chromium-driver), and npm for axe-core.
With CONSOLE_SCREENSHOTS=docs in the environment, it takes the pictures of the documents again.
"""

import json
import os
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.conftest import ROOT
from tests.samspec.browser.conftest import DESKTOP, PHONE, WIDE, Browser, project_copy
from tests.samspec.gateway.test_server import Server

SHOP = Path(__file__).parent / "shop"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("shop")
    return project_copy(SHOP, target, "template.yaml", "api.yaml", "src")


@pytest.fixture(scope="module")
def shop(project: Path) -> Iterator[Server]:
    server = Server("--template", str(project / "template.yaml"))
    yield server
    server.stop()


@pytest.fixture
def browser(chromium: webdriver.Chrome, axe: str, shop: Server) -> Iterator[Browser]:
    """The page after three orders: #1 placed, #2 refused, #3 failed.

    Every error in the browser's console fails the test.
    """
    browser = Browser(chromium, shop.url, axe)
    browser.chromium.get("about:blank")
    headers = {"X-Console": "1"}
    clearing = urllib.request.Request(f"{shop.url}/_/api/clear", b"{}", headers, method="POST")
    urllib.request.urlopen(clearing).close()
    browser.errors()
    for order in ({"item": "apple", "count": 2}, {"count": "x"}, {"item": "pear"}):
        shop.send("POST", "/orders", order)
    browser.show("/_/")
    browser.until(lambda: len(rows(browser)) == 3)
    yield browser
    assert browser.errors() == []


def rows(browser: Browser) -> list[str]:
    return [row.text for row in browser.all("#rows .row")]


def numbers(browser: Browser) -> list[int]:
    return [int((row.get_attribute("id") or "r0")[1:]) for row in browser.all("#rows .row")]


def read(browser: Browser, position: int) -> None:
    """Click a request of the list, by its position, and wait until it is shown."""
    number = numbers(browser)[position]
    browser.all("#rows .row")[position].click()
    browser.until(lambda: browser.run("return location.hash") == f"#/r/{number}")
    browser.until(lambda: browser.text("#detail h2"))


def button(browser: Browser, text: str) -> Any:
    selector = "button, a.button, summary"
    return browser.until(lambda: next(b for b in browser.all(selector) if b.text == text))


def test_a_500_explains_itself_on_the_first_screen(browser: Browser, project: Path) -> None:
    browser.until(lambda: browser.text(".failure h3") == "app.OrderError: no price for pear")
    assert "src/app.py:27 in place" in browser.text(".failure .place")
    link = browser.find(".failure .place a").get_attribute("href")
    assert link == f"vscode://file{project.resolve()}/src/app.py:27"
    assert "raise OrderError" in browser.text(".source .failed")
    assert "caused by KeyError: 'pear'" in browser.text(".cause")
    assert "KeyError: 'pear'" in browser.text(".traceback")
    assert "cannot place the order" in browser.text(".log")
    for selector in (".failure", ".source", ".log", ".traceback"):
        top = browser.run(
            "return document.querySelector(arguments[0]).getBoundingClientRect().top", selector
        )
        assert top < DESKTOP[1] - 60, selector


def test_requests_appear_while_nobody_reads(browser: Browser, shop: Server) -> None:
    shop.send("POST", "/orders", {"item": "apple"})
    browser.until(lambda: len(rows(browser)) == 4)
    browser.until(lambda: browser.text("#detail h2") == "201 POST /orders")
    assert browser.run("return location.hash") in ("", "#/requests")


def test_reading_is_not_disturbed(browser: Browser, shop: Server) -> None:
    read(browser, 2)
    headers = button(browser, "RESPONSE HEADERS")
    headers.click()
    browser.run("document.getElementById('detail').scrollTop = 120")
    browser.run("getSelection().selectAllChildren(document.querySelector('.json'))")
    before = browser.run(
        "return [document.getElementById('detail').scrollTop, String(getSelection())]"
    )
    for _ in range(3):
        shop.send("POST", "/orders", {"item": "pear"})
    browser.until(lambda: browser.text("#news") == "3 new")
    after = browser.run(
        "return [document.getElementById('detail').scrollTop, String(getSelection())]"
    )
    assert after == before
    assert before[1]
    assert browser.text("#detail h2") == "201 POST /orders"
    assert len(rows(browser)) == 3
    browser.find("#news").click()
    browser.until(lambda: len(rows(browser)) == 6)
    browser.until(lambda: browser.text("#detail h2") == "500 POST /orders")
    opened = browser.run(
        "return [...document.querySelectorAll('details.card')]"
        ".find(d => d.textContent.startsWith('Response headers')).open"
    )
    assert opened, "a fold that was opened stays open for the next request"


def test_a_request_has_an_address_and_back_works(browser: Browser) -> None:
    first, *_, last = numbers(browser)
    browser.show(f"/_/#/r/{last}")
    browser.until(lambda: browser.text("#detail h2") == "201 POST /orders")
    browser.go(f"#/r/{first}")
    browser.until(lambda: browser.text("#detail h2") == "500 POST /orders")
    browser.chromium.back()
    browser.until(lambda: browser.text("#detail h2") == "201 POST /orders")


def test_a_request_that_is_gone_says_so(browser: Browser) -> None:
    browser.go("#/r/99999")
    browser.until(lambda: "no longer kept" in browser.text("#detail"))
    errors = browser.errors()
    assert [error["level"] for error in errors] == [
        "SEVERE"
    ]  # the 404 itself, which Chromium notes


def test_a_request_can_be_edited_sent_and_compared(browser: Browser) -> None:
    number = numbers(browser)[0]
    read(browser, 0)
    button(browser, "Edit and resend").click()
    body = browser.find(".field.body textarea")
    assert json.loads(body.get_attribute("value") or "") == {"item": "pear"}
    Select(browser.find(".compose .actions select")).select_by_visible_text(
        "Two apples (application/json)"
    )
    body.send_keys(Keys.CONTROL, Keys.ENTER)
    browser.until(lambda: browser.text("#detail h2") == "201 POST /orders")
    button(browser, f"Compare with #{number}").click()
    browser.until(lambda: "#" in browser.text(".sides"))
    changed = [row.text for row in browser.all(".differences .changed")]
    assert any("500" in row and "201" in row for row in changed)
    assert any("pear" in row and "apple" in row for row in changed)


def test_a_new_request_starts_from_the_specs_examples(browser: Browser) -> None:
    button(browser, "New").click()
    path = browser.find(".field.url input")
    assert path.get_attribute("value") == "/orders"
    assert json.loads(browser.find(".field.body textarea").get_attribute("value") or "") == {
        "item": "apple",
        "count": 2,
    }
    button(browser, "Send").click()
    browser.until(lambda: browser.text("#detail h2") == "201 POST /orders")


def test_what_cannot_be_sent_says_why(browser: Browser) -> None:
    browser.go("#/send")
    headers = browser.find(".field.headers textarea")
    headers.clear()
    headers.send_keys("no header")
    button(browser, "Send").click()
    browser.until(lambda: "is not of the form Name: value" in browser.text("#error"))


def test_a_request_can_be_replayed_and_copied(browser: Browser, shop: Server) -> None:
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    granted = {"origin": shop.url, "permissions": permissions}
    browser.chromium.execute_cdp_cmd("Browser.grantPermissions", granted)
    read(browser, 0)
    button(browser, "Replay").click()
    browser.until(lambda: browser.text("#toast") == "Replayed: 500")
    beginnings = {"curl": "curl -i", "HTTPie": "http ", "Python": "import http.client"}
    for form, beginning in beginnings.items():
        Select(browser.find("#copyas")).select_by_visible_text(form)
        browser.until_copied(beginning)


def test_every_block_can_be_copied(browser: Browser) -> None:
    read(browser, 2)
    labels = {b.get_attribute("aria-label") for b in browser.all("button.copy")}
    assert {"Copy Response", "Copy Request", "Copy Log"} <= labels


def test_faults_stand_at_their_place_in_the_body(browser: Browser) -> None:
    read(browser, 1)
    marked = [
        element.text
        for element in browser.all(".json .leaf")
        if "fault" in (element.get_attribute("innerHTML") or "")
    ]
    assert any(text.startswith('"count": "x"') and "is not an integer" in text for text in marked)
    summaries = [s.text for s in browser.all(".json summary")]
    assert any("item: is required" in text for text in summaries)


def test_json_folds(browser: Browser) -> None:
    read(browser, 2)
    assert '"total"' in browser.text(".json")
    browser.find(".json summary").click()
    browser.until(lambda: "2 properties" in browser.text(".json"))
    assert '"total"' not in browser.text(".json")


def test_search_finds_bodies_and_filters_narrow(browser: Browser) -> None:
    browser.press("/")
    browser.press("no price for pear")
    browser.until(lambda: len(rows(browser)) == 1)
    browser.find("#search").clear()
    browser.find("#search").send_keys("nothing like that")
    browser.until(lambda: "No request matches" in browser.text("#nothing"))
    button(browser, "Clear the filters").click()
    browser.until(lambda: len(rows(browser)) == 3)
    button(browser, "5xx").click()
    browser.until(lambda: [row[:3] for row in rows(browser)] == ["500"])
    assert browser.text("#count") == "1 of 3"
    button(browser, "4xx").click()
    browser.until(lambda: len(rows(browser)) == 2)
    button(browser, "4xx").click()
    button(browser, "5xx").click()
    Select(browser.find("#operation")).select_by_visible_text("placeOrder")
    browser.until(lambda: len(rows(browser)) == 3)


def test_requests_in_flight_are_shown(browser: Browser, shop: Server) -> None:
    asking = threading.Thread(target=shop.send, args=("GET", "/slow"))
    asking.start()
    browser.until(lambda: "/slow" in browser.text("#flight"))
    asking.join()
    browser.until(lambda: browser.text("#flight") == "")
    browser.until(lambda: "200" in rows(browser)[0])


def test_the_time_is_shown_by_stage(browser: Browser) -> None:
    read(browser, 2)
    time_table = browser.text(".time")
    assert re.search(r"gateway.*\n.*function", time_table, re.DOTALL)
    assert "PutItem" in time_table


def test_calls_are_shown_with_request_and_response(browser: Browser) -> None:
    read(browser, 2)
    call = browser.find("details.call > summary")
    assert "PutItem" in call.text
    assert "1 unit" in call.text
    call.click()
    browser.until(lambda: '"apple"' in browser.text("details.call"))


def test_requests_are_exported_and_imported(browser: Browser, tmp_path: Path) -> None:
    browser.run(
        "window.blobs = []; URL.createObjectURL = blob => { blobs.push(blob); return 'data:,' }"
    )
    button(browser, "Export").click()
    browser.until(lambda: browser.run("return blobs.length") == 1)
    archive = browser.chromium.execute_async_script("blobs[0].text().then(arguments[0])")
    assert len(json.loads(archive)["log"]["entries"]) == 3
    file = tmp_path / "requests.har"
    file.write_text(archive)
    browser.chromium.find_element(By.ID, "har").send_keys(str(file))
    browser.until(lambda: len(browser.all("#archive li")) == 3)
    browser.all("#archive input")[0].click()
    browser.find("#archive button.main").click()
    browser.until(lambda: browser.text("#toast") == "2 requests replayed")
    browser.until(lambda: len(rows(browser)) == 5)


def test_a_file_that_is_not_an_archive_is_refused(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("{}")
    browser.chromium.find_element(By.ID, "har").send_keys(str(file))
    browser.until(lambda: browser.text("#error") == "That file is not a HAR archive")


def test_clearing_asks_first(browser: Browser) -> None:
    button(browser, "Clear").click()
    button(browser, "Cancel").click()
    assert len(rows(browser)) == 3
    button(browser, "Clear").click()
    browser.find("#confirm button.danger").click()
    browser.until(lambda: "No requests yet" in browser.text("#detail"))
    assert rows(browser) == []


def test_everything_can_be_done_by_keyboard(browser: Browser, project: Path) -> None:
    browser.find("#list").send_keys("j")
    browser.press(Keys.ENTER)
    browser.until(lambda: browser.text("#detail h2") == "400 POST /orders")
    browser.press("s")
    browser.until(lambda: browser.text("#toast").startswith("Saved as events/place_order"))
    saved = json.loads((project / browser.text("#toast").removeprefix("Saved as ")).read_text())
    assert saved["httpMethod"] == "POST"
    browser.press("k")
    browser.until(lambda: browser.text("#detail h2") == "500 POST /orders")
    browser.press("d")
    browser.until(lambda: browser.text("#detail h2") == "Compare")
    browser.press(Keys.ESCAPE)
    browser.press("r")
    browser.until(lambda: browser.text("#toast") == "Replayed: 500")
    browser.press("e")
    browser.until(lambda: browser.text("#detail h2").startswith("Edit and resend"))
    browser.press(Keys.ESCAPE)
    browser.press("n")
    browser.until(lambda: browser.text("#detail h2") == "New request")
    browser.press(Keys.ESCAPE)
    browser.press("p")
    browser.until(lambda: browser.text("#follow") == "Following")


def test_the_data_can_be_read_and_changed(browser: Browser) -> None:
    browser.go("#/data")
    browser.until(lambda: "Orders" in browser.text("#data .tabs"))
    assert "placed-orders queue, 0 waiting, 0 received" in browser.text("#data .card .pairs")
    button(browser, "New item").click()
    area = browser.find("#item textarea")
    area.clear()
    area.send_keys('{"id": {"S": "by hand"}, "note": {"S": "first"}}')
    button(browser, "Save").click()
    browser.until(lambda: "by hand" in browser.text("#data .items"))
    button(browser, "by hand").click()
    area.clear()
    area.send_keys('{"id": {"S": "another"}, "note": {"S": "second"}}')
    button(browser, "Save").click()
    browser.until(lambda: "cannot change" in browser.text("#error"))
    area.clear()
    area.send_keys('{"id": {"S": "by hand"}, "note": {"S": "second"}}')
    button(browser, "Save").click()
    browser.until(lambda: "second" in browser.text("#data .items"))
    button(browser, "by hand").click()
    browser.find("#item button.danger").click()
    browser.until(lambda: "by hand" not in browser.text("#data"))
    button(browser, "Seed 10").click()
    browser.until(lambda: browser.text("#toast") == "10 created by POST /orders")


def test_the_spec_page_tells_what_was_seen(browser: Browser) -> None:
    browser.go("#/spec")
    browser.until(lambda: "placeOrder" in browser.text("#spec"))
    chips = {chip.text: chip.get_attribute("class") for chip in browser.all("#spec .chip")}
    assert any(
        text.startswith("201 ") and "seen" in style for text, style in chips.items() if style
    )


def test_findings_follow_an_edit_and_are_shown_as_text(browser: Browser, project: Path) -> None:
    browser.go("#/findings")
    browser.until(lambda: "integration-place" in browser.text("#findings"))
    template, name = project / "template.yaml", "<img src=x onerror=alert(1)>"
    before = template.read_text()
    template.write_text(f'{before}\nOutputs:\n  "{name}": {{ Value: {{ Ref: Nothing }} }}\n')
    try:
        browser.until(lambda: name in browser.text("#findings"))
        assert browser.all("#findings img") == []
        assert browser.text("#found").isdecimal()
    finally:
        template.write_text(before)
    browser.until(lambda: name not in browser.text("#findings"))


def test_a_gateway_that_is_gone_is_shown_and_a_new_one_starts_afresh(
    chromium: webdriver.Chrome, axe: str, project: Path
) -> None:
    first = Server("--template", str(project / "template.yaml"))
    port = first.url.rpartition(":")[2]
    browser = Browser(chromium, first.url, axe)
    first.send("POST", "/orders", {"item": "apple"})
    browser.show("/_/")
    browser.until(lambda: len(rows(browser)) == 1)
    first.stop()
    browser.until(lambda: browser.text("#gone"))
    assert browser.text("#live") == "no connection"
    button(browser, "Replay").click()
    browser.until(lambda: "does not respond" in browser.text("#error"))
    second = Server("--template", str(project / "template.yaml"), "--port", port)
    browser.until(lambda: browser.text("#live") == "live")
    browser.until(lambda: "No requests yet" in browser.text("#detail"))
    assert rows(browser) == []
    second.send("POST", "/orders", {"item": "pear"})
    browser.until(lambda: len(rows(browser)) == 1)
    second.stop()
    browser.errors()  # Chromium notes each failed connection


def test_leaving_and_coming_back_leaves_no_connection_open(browser: Browser) -> None:
    """Chromium has six connections for a host, so streams that stay open would use them up."""
    for _ in range(8):
        browser.show("/_/")
        browser.until(lambda: len(rows(browser)) == 3)
        browser.show("/_/docs")
    browser.show("/_/")
    browser.until(lambda: browser.text(".failure h3"))


def test_hostile_values_are_shown_as_text(browser: Browser, shop: Server) -> None:
    shop.send("POST", "/orders", {"item": "<img src=x onerror=alert(1)>", "<b>": "</script>"})
    browser.until(lambda: "<img src=x" in browser.text("#detail"))
    assert browser.all("#detail img, #detail script, #detail b b") == []


def test_ten_thousand_requests_stay_quick(browser: Browser) -> None:
    """The page takes them as the stream gives them, and draws only what is in view."""
    took = browser.chromium.execute_async_script("""
        const done = arguments[0];
        import('/_/store.js').then(async ({store}) => {
          const list = await import('/_/list.js');
          const many = Array.from({length: 10000}, (_, i) => ({
            number: 100000 + i, time: new Date().toISOString(), method: 'GET', url: `/orders/${i}`,
            operation: 'getOrder', status: 200, reason: '', mismatches: [], ms: 1.5}));
          const start = performance.now();
          store.exchanges = many;
          list.include(200000);
          document.getElementById('search').value = '/orders/77';
          list.refresh();
          const drawn = document.querySelectorAll('#rows .row').length;
          done([performance.now() - start, drawn]);
        });
    """)
    assert took[0] < 200, "milliseconds for 10,000 requests"
    assert 0 < took[1] < 100


def test_the_page_loads_fast_and_is_small(browser: Browser) -> None:
    browser.show("/_/")
    browser.until(lambda: len(rows(browser)) == 3)
    timing, size = browser.run("""
        const navigation = performance.getEntriesByType('navigation')[0];
        const files = [navigation, ...performance.getEntriesByType('resource')]
          .filter(e => /\\.(js|css)$|_\\/$/.test(e.name));
        const size = files.reduce((sum, file) => sum + file.transferSize, 0);
        return [navigation.domContentLoadedEventEnd, size];
    """)
    assert size < 100_000
    assert timing < 500, "milliseconds, also on a busy machine"


VIEWS = [
    "#/requests",
    "#/r/{failed}",
    "#/r/{refused}",
    "#/send",
    "#/r/{placed}/compare/{failed}",
    "#/data",
    "#/spec",
    "#/findings",
]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("size", "dark"), [(DESKTOP, False), (DESKTOP, True), (PHONE, False), (WIDE, True)]
)
def test_every_view_is_accessible_and_fits(
    browser: Browser, view: str, size: tuple[int, int], dark: bool
) -> None:
    failed, refused, placed = numbers(browser)
    address = view.format(failed=failed, refused=refused, placed=placed)
    browser.show(f"/_/{address}", size, dark)
    browser.until(lambda: browser.text("#live") == "live")
    browser.until(lambda: browser.all("#rows .row, h2"))
    time.sleep(0.3)  # transitions of colours
    assert browser.violations() == []
    assert browser.run("return document.documentElement.scrollWidth") <= size[0]
    if size == PHONE:
        small = browser.run("""
            const touched = 'button, a.button, select, nav a, input:not([type=checkbox])';
            return [...document.querySelectorAll(touched)]
              .filter(e => e.checkVisibility())
              .map(e => [e.textContent, e.getBoundingClientRect().height])
              .filter(([text, height]) => height < 44);
        """)
        assert small == []


def test_on_a_phone_a_request_takes_the_whole_page(browser: Browser) -> None:
    browser.show("/_/", PHONE)
    browser.until(lambda: len(rows(browser)) == 3)
    assert browser.all("#detail") == []
    browser.all("#rows .row")[0].click()
    browser.until(lambda: browser.all("#detail h2"))
    assert rows(browser) == []
    browser.find(".back").click()
    browser.until(lambda: len(rows(browser)) == 3)


def execute(browser: Browser, operation: Any, status: str) -> None:
    """Send an operation's request from the docs page, and wait for a response of the status."""
    button = browser.until(lambda: operation.find_element(By.CSS_SELECTOR, "button.execute"))
    browser.run("arguments[0].click()", button)
    table = ".live-responses-table .response"
    browser.until(lambda: status in operation.find_element(By.CSS_SELECTOR, table).text)


@pytest.mark.parametrize("dark", [False, True])
def test_the_docs_page_calls_the_running_api(browser: Browser, dark: bool) -> None:
    browser.show("/_/docs", DESKTOP, dark)
    operation = browser.find("#operations-default-placeOrder")
    assert browser.run("return arguments[0].getBoundingClientRect().bottom", operation) < DESKTOP[1]
    assert browser.run("return document.documentElement.classList.contains('dark-mode')") is dark
    operation.find_element(By.CSS_SELECTOR, ".opblock-summary-control").click()
    body = browser.until(
        lambda: operation.find_element(By.CSS_SELECTOR, "textarea.body-param__text")
    )
    assert json.loads(body.text) == {"item": "apple", "count": 2}
    execute(browser, operation, "201")


def test_the_docs_page_takes_local_credentials(browser: Browser) -> None:
    browser.show("/_/docs")
    operation = browser.find("#operations-default-secret")
    browser.find("#token").click()
    browser.until(lambda: browser.text("#said") == "Requests carry local credentials: pool")
    operation.find_element(By.CSS_SELECTOR, ".opblock-summary-control").click()
    execute(browser, operation, "200")


def test_a_composed_request_takes_local_credentials(browser: Browser) -> None:
    browser.go("#/send")
    Select(browser.find(".field.operation select")).select_by_visible_text("secret")
    browser.until(lambda: browser.find(".field.url input").get_attribute("value") == "/secret")
    button(browser, "Add local credentials").click()
    headers = ".field.headers textarea"
    browser.until(lambda: "Bearer" in (browser.find(headers).get_attribute("value") or ""))
    button(browser, "Send").click()
    browser.until(lambda: browser.text("#detail h2") == "200 GET /secret")
    assert "caller: local-user" in browser.text("#detail .facts")


def test_a_response_that_breaks_the_spec_is_marked(browser: Browser, shop: Server) -> None:
    shop.send("GET", "/wrong")
    browser.until(lambda: "breaks the spec" in rows(browser)[0])
    browser.until(lambda: "body at /total" in browser.text(".reason.breaks"))


PICTURES = {
    "console": ("#/r/{failed}", DESKTOP, False),
    "console-dark": ("#/r/{placed}", DESKTOP, True),
    "console-phone": ("#/r/{failed}", PHONE, False),
    "console-spec": ("#/spec", DESKTOP, False),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_of_the_pages(browser: Browser, name: str) -> None:
    view, size, dark = PICTURES[name]
    failed, _, placed = numbers(browser)
    browser.show(f"/_/{view.format(failed=failed, placed=placed)}", size, dark)
    browser.until(lambda: browser.all("h2"))
    time.sleep(0.3)
    picture = browser.screenshot()
    assert len(picture) < 200_000
    if target := os.environ.get("CONSOLE_SCREENSHOTS"):
        (ROOT / target / f"{name}.png").write_bytes(picture)
