"""Headless Chromium, and axe-core to check what it shows."""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

AXE = "4.14.1"
AXE_SHA512 = (
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
DESKTOP, WIDE, PHONE = (1280, 800), (2560, 1400), (390, 844)


@dataclass
class Browser:
    """A browser with the questions that the tests ask of a page."""

    chromium: webdriver.Chrome
    url: str
    axe: str

    def show(self, path: str, size: tuple[int, int] = DESKTOP, dark: bool = False) -> None:
        """Open a page again."""
        self.resize(size, dark)
        self.chromium.get("about:blank")
        self.chromium.get(self.url + path)

    def resize(self, size: tuple[int, int], dark: bool = False) -> None:
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.chromium.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**metrics, "mobile": size == PHONE}
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def find(self, selector: str) -> WebElement:
        """The element, as soon as it is there and shown."""
        element: WebElement = self.until(lambda: next(iter(self.all(selector)), None))
        return element

    def all(self, selector: str) -> list[WebElement]:
        elements = self.chromium.find_elements(By.CSS_SELECTOR, selector)
        return [element for element in elements if element.is_displayed()]

    def text(self, selector: str) -> str:
        elements = self.all(selector)
        return elements[0].text if elements else ""

    def until(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.chromium, 10, 0.05, ignored_exceptions=[Exception]).until(
            lambda _: condition()
        )

    def press(self, *keys: str) -> None:
        self.chromium.switch_to.active_element.send_keys(*keys)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.chromium.execute_script(script, *arguments)

    def go(self, address: str) -> None:
        """Follow an address within the page, as a link does."""
        self.run("location.hash = arguments[0]", address)

    def violations(self) -> list[str]:
        """What axe finds wrong, one line for each rule."""
        self.run(self.axe)
        script = "axe.run(document, {resultTypes: ['violations']}).then(arguments[0])"
        violations = self.chromium.execute_async_script(script)["violations"]
        messages = []
        for violation in violations:
            places = [node["html"][:200] for node in violation["nodes"][:3]]
            messages.append(f"{violation['id']}: {places}")
        return messages

    def errors(self) -> list[dict[str, Any]]:
        """What the browser's console got since the last question."""
        log: list[dict[str, Any]] = self.chromium.get_log("browser")  # type: ignore[no-untyped-call]
        return log

    def until_copied(self, beginning: str) -> None:
        """Wait until the clipboard holds a text that begins so."""
        script = "navigator.clipboard.readText().then(arguments[0])"
        self.until(lambda: self.chromium.execute_async_script(script).startswith(beginning))

    def screenshot(self) -> bytes:
        return self.chromium.get_screenshot_as_png()


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.fail("needs Chromium and chromedriver; Debian: apt install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.prompt_for_download": False})
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


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, from the npm registry; its archive must have the known hash."""
    if not shutil.which("npm"):
        pytest.fail("needs npm for axe-core; Debian: apt install npm")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "pack", "--silent", f"axe-core@{AXE}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=100)
    [archive] = folder.glob("*.tgz")
    data = archive.read_bytes()
    assert base64.b64encode(hashlib.sha512(data).digest()).decode() == AXE_SHA512
    with tarfile.open(fileobj=io.BytesIO(data)) as files:
        member = files.extractfile("package/axe.min.js")
        assert member
        return member.read().decode()


def project_copy(root: Path, target: Path, *names: str) -> Path:
    """A copy of some files of a project, since saving an event writes into it."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / name, target / name, ignore=ignored)
        else:
            shutil.copy(root / name, target / name)
    return target
