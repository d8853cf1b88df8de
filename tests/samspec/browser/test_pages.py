"""The console and docs pages in headless Chromium: `scripts/test tests/samspec/browser`.

Needs Chromium and its driver (Debian: apt install chromium chromium-driver). With CONSOLE_SCREENSHOT=docs/console.png
in the environment, the README's picture is taken anew.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import ROOT
from tests.samspec.gateway.test_server import Server

DESKTOP, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, since saving an event writes into it."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("template.yaml", "specs/api/users-api.yaml"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    shutil.copytree(
        ROOT / "handlers", copy / "handlers", ignore=shutil.ignore_patterns("__pycache__")
    )
    return copy


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[Server]:
    server = Server("--template", str(project / "template.yaml"), "--seed", "3")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[webdriver.Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.fail("needs Chromium and chromedriver; Debian: apt install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
    ):
        options.add_argument(argument)
    chromium = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chromium
    chromium.quit()


@pytest.fixture
def page(chromium: webdriver.Chrome, server: Server) -> Callable[..., webdriver.Chrome]:
    def show(path: str, size: tuple[int, int] = DESKTOP) -> webdriver.Chrome:
        metrics = {
            "width": size[0],
            "height": size[1],
            "deviceScaleFactor": 1,
            "mobile": size == PHONE,
        }
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        chromium.get(server.url + path)
        return chromium

    return show


def items(chromium: webdriver.Chrome) -> list[WebElement]:
    return [
        item for item in chromium.find_elements(By.CSS_SELECTOR, "#list li") if item.is_displayed()
    ]


def text(chromium: webdriver.Chrome, selector: str) -> str:
    return chromium.find_element(By.CSS_SELECTOR, selector).text


def until(chromium: webdriver.Chrome, condition: Callable[[], Any]) -> Any:
    return WebDriverWait(chromium, 15).until(lambda _: condition())


def press(chromium: webdriver.Chrome, *keys: str) -> None:
    chromium.switch_to.active_element.send_keys(*keys)


@pytest.fixture
def requests(page: Callable[..., webdriver.Chrome], server: Server) -> webdriver.Chrome:
    """The console after a few requests of every kind, the newest one shown."""
    user = server.send("GET", "/users?limit=1")[1]["users"][0]
    server.send("GET", "/users?limit=500")
    server.send("GET", "/nowhere")
    server.send("PATCH", "/users")
    server.send("POST", "/users", {"email": user["email"], "name": "Somebody Else"})
    server.send("PUT", f"/users/{user['id']}", {"email": user["email"], "name": user["name"]})
    chromium = page("/_/requests")
    until(chromium, lambda: len(items(chromium)) >= 6)
    until(chromium, lambda: text(chromium, "#live") == "live")
    return chromium


def test_requests_appear_while_the_page_is_open(requests: webdriver.Chrome, server: Server) -> None:
    before = len(items(requests))
    server.send("GET", "/users?limit=77")
    until(requests, lambda: len(items(requests)) == before + 1)
    assert "/users?limit=77" in items(requests)[0].text
    until(requests, lambda: "/users?limit=77" in text(requests, "#detail h2"))


def test_a_request_is_shown_with_calls_log_lines_response_and_event(
    requests: webdriver.Chrome,
) -> None:
    items(requests)[0].click()
    detail = text(requests, "#detail")
    for part in (
        "200 PUT /users/",
        "updateUser",
        "UpdateItem",
        "units",
        "operation=updateUser",
        '"updated_at"',
    ):
        assert part in detail
    fold = next(
        d for d in requests.find_elements(By.CSS_SELECTOR, "details") if "PROXY EVENT" in d.text
    )
    fold.find_element(By.CSS_SELECTOR, "summary").click()
    assert json.loads(fold.find_element(By.CSS_SELECTOR, "pre").text)["resource"] == "/users/{id}"
    assert requests.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_the_reason_of_an_error_stands_on_top(requests: webdriver.Chrome) -> None:
    items(requests)[1].click()
    assert text(requests, ".reason") == "Email already in use"


def test_the_picture_of_the_page(requests: webdriver.Chrome) -> None:
    items(requests)[1].click()
    picture = requests.get_screenshot_as_png()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 150_000
    if target := os.environ.get("CONSOLE_SCREENSHOT"):
        Path(target).write_bytes(picture)


def test_the_filter_narrows_the_list(requests: webdriver.Chrome) -> None:
    press(requests, "/")
    press(requests, "405 patch")
    assert {item.text.split()[0] for item in items(requests)} == {"405"}
    press(requests, Keys.ESCAPE)
    assert requests.switch_to.active_element.get_attribute("id") == "list"


def test_everything_can_be_done_by_keyboard(requests: webdriver.Chrome, project: Path) -> None:
    press(requests, Keys.DOWN, Keys.DOWN, Keys.UP)
    assert text(requests, "#detail h2") == "409 POST /users"
    before = len(items(requests))
    press(requests, "r")
    until(requests, lambda: len(items(requests)) == before + 1)
    until(requests, lambda: text(requests, "#toast") == "Replayed: 409")
    press(requests, "s")
    until(requests, lambda: text(requests, "#toast").startswith("Saved as events/create_user"))
    saved = json.loads((project / text(requests, "#toast").removeprefix("Saved as ")).read_text())
    assert saved["httpMethod"] == "POST"


def test_a_request_can_be_copied_as_curl(requests: webdriver.Chrome, server: Server) -> None:
    origin = {
        "origin": server.url,
        "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
    }
    requests.execute_cdp_cmd("Browser.grantPermissions", origin)
    items(requests)[1].click()
    press(requests, "c")
    until(requests, lambda: text(requests, "#toast") == "Copied")
    copied = requests.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied.startswith(f"curl -i -X POST '{server.url}/users'")
    assert "-H 'Content-Type: application/json'" in copied
    assert '"name": "Somebody Else"' in copied


def test_on_a_phone_a_request_takes_the_whole_page_and_nothing_is_cut(
    requests: webdriver.Chrome, page: Callable[..., webdriver.Chrome]
) -> None:
    page("/_/requests", PHONE)
    until(requests, lambda: len(items(requests)) >= 6)
    assert not requests.find_element(By.ID, "detail").is_displayed()
    items(requests)[0].click()
    assert requests.find_element(By.ID, "detail").is_displayed()
    assert items(requests) == []
    assert requests.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    requests.find_element(By.ID, "back").click()
    assert len(items(requests)) >= 6


def test_hostile_values_are_shown_as_text(requests: webdriver.Chrome, server: Server) -> None:
    server.send(
        "POST",
        "/users",
        {"email": "<img src=x onerror=alert(1)>", "name": "<script>alert(1)</script>"},
    )
    until(requests, lambda: "<script>" in text(requests, "#detail"))
    assert requests.find_elements(By.CSS_SELECTOR, "#detail img, #detail script") == []


def test_the_docs_page_calls_the_running_api(page: Callable[..., webdriver.Chrome]) -> None:
    chromium = page("/_/docs")
    operation = until(
        chromium, lambda: chromium.find_element(By.CSS_SELECTOR, "#operations-Users-listUsers")
    )
    operation.find_element(By.CSS_SELECTOR, ".opblock-summary-control").click()
    execute = until(chromium, lambda: operation.find_element(By.CSS_SELECTOR, "button.execute"))
    chromium.execute_script("arguments[0].click()", execute)
    until(
        chromium,
        lambda: '"users"' in operation.find_element(By.CSS_SELECTOR, ".live-responses-table").text,
    )
    assert "200" in operation.find_element(By.CSS_SELECTOR, ".live-responses-table .response").text
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]
