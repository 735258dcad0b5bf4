"""People with a browser: what they do, and what their browser complains of."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.processes import PATIENCE, Server
from tests.programs import program
from tests.relays import MailRelay, mail_relay

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Service:
    """A server that people sign up at, and the relay that its mails go to."""

    server: Server
    relay: MailRelay

    @property
    def url(self) -> str:
        """Where it is, by a name, which passkeys take."""
        return f"http://localhost:{self.server.http_port}/"


class Person:
    """Somebody at a browser. ``complaints`` are errors of scripts, violations of the policy of
    contents, and requests to anywhere but our server."""

    def __init__(self, service: Service, page: Page) -> None:
        self.service = service
        self.page = page
        self.name = f"person{next(_numbers)}"
        self.email = f"{self.name}@example.org"
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE * 1000)
        expect.set_options(timeout=PATIENCE * 1000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._watch(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        # That a form was refused is logged, too: with its status alone.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _watch(self, url: str) -> None:
        if not url.startswith((self.service.url, "data:", "blob:")):
            self.complaints.append(f"a request to {url}")

    def link_from_mail(self) -> str:
        """Return the path and query of the link in the mail that has come, or will."""
        found = re.search(r"https?://[^/\s]+/(\S+)", self.service.relay.take().text)
        assert found is not None
        return found[1]

    def has_account(self) -> None:
        """Have an account, made by the operator."""
        self.service.server.call("account_add", name=self.name, password=PASSWORD)

    def log_in(self, password: str = PASSWORD) -> None:
        self.page.goto("login")
        self.page.get_by_label("Account").fill(self.name)
        self.page.get_by_label("Password").fill(password)
        self.press_in_main("Log in")

    def becomes_operator(self) -> None:
        """Of somebody with an account: take the right, and log in with a second factor, a code that
        was written down."""
        page = self.page
        self.service.server.call("account_set", name=self.name, operator=True)
        page.goto("account")
        self.sees("You are an operator, in sessions that you open with a second factor.")
        totp = page.get_by_role("region", name="Second factor").locator("details").first
        totp.locator("summary").click()
        totp.get_by_label("Password").fill(PASSWORD)
        totp.get_by_role("button", name="Go on").click()
        secret = page.get_by_role("textbox", name="Secret").input_value()
        page.get_by_label("The code that the app shows now").fill(pyotp.TOTP(secret).now())
        self.press("Switch on")
        recovery = page.locator("#codes").inner_text().split()[0]
        page.goto("operator")
        expect(page.get_by_text("there is no such page")).to_be_visible()
        self.log_out()
        self.log_in()
        page.get_by_label("Code").fill(recovery)
        self.press_in_main("Log in")
        expect(page.get_by_role("link", name="Operator")).to_be_visible()

    def log_out(self) -> None:
        self.page.get_by_role("button", name="Log out").click()

    def sees(self, text: str) -> None:
        """Wait until the page says something."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def press_in_main(self, name: str) -> None:
        """Press a button outside the navigation."""
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()

    def barriers(self) -> list[str]:
        """Return what axe-core finds that keeps people out, with where it is."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@contextmanager
def running_service(folder: Path) -> Iterator[Service]:
    """Run a server that anybody may sign up at, with a zone for everybody's hosts."""
    with mail_relay() as relay:
        server = Server(folder, "--no-sample")
        server.with_registration(relay.port)
        server.config.write_text(
            server.config.read_text() + "[registration]\nhosts_per_account = 100\n"
        )
        try:
            server.start()
            server.call("zone_add", origin="dyn.example", registration="open", addresses="any")
            yield Service(server, relay)
        finally:
            server.clean_up()


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """Launch Debian's chromium, which asks nobody for anything of its own accord."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"),
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage"),
            ],
        )
        yield browser
        browser.close()


@contextmanager
def window(service: Service, chromium: Browser, **options: Any) -> Iterator[Person]:
    """Open a window for somebody with a phone, whom the server does not know."""
    context = chromium.new_context(
        **{"viewport": PHONE, "locale": "en-GB", "base_url": service.url, **options}
    )
    yield Person(service, context.new_page())
    context.close()
