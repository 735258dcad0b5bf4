"""Pictures of the pages for docs/pages.md, as people see them.

python -m tests.browser.pictures docs/pictures
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.browser.people import (
    PASSWORD,
    PHONE,
    Person,
    launched_chromium,
    running_service,
    window,
)

DESK = {"width": 1280, "height": 900}
ZONE = "dyn.example"
HOST = f"home.{ZONE}"


class Album:
    """Pictures of a person's windows, in a folder."""

    def __init__(self, person: Person, folder: Path) -> None:
        self._person = person
        self._folder = folder

    def take(self, name: str, place: str | None = None, size: dict[str, int] = PHONE) -> None:
        """Take a picture of what the window shows, or of another page of ours."""
        page = self._person.page
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if place is not None:
            page.goto(place)
        page.screenshot(path=self._folder / f"{name}-{size['width']}.png")


def furnish(person: Person) -> str:
    """Give alice hosts with a past, and return the key of one."""
    server = person.service.server
    server.call("account_add", name="alice", password=PASSWORD)
    server.call("zone_add", origin="alice.example", account="alice")
    for owner, kind, rdatas in (
        ("www.alice.example", "A", ["192.0.2.80"]),
        ("alice.example", "MX", ["10 mail.alice.example."]),
        ("alice.example", "TXT", ["v=spf1 mx -all"]),
    ):
        server.call("record_set", owner=owner, type=kind, rdatas=rdatas)
    for name in ("home", "camera", "office"):
        server.call("host_add", name=f"{name}.{ZONE}", account="alice")
    key: str = server.call("key_add", account="alice")["key"]
    login = f"alice:{key}"
    server.update(login, HOST, "198.51.100.7")
    server.update(login, HOST, "2001:db8::7")
    server.update(login, f"office.{ZONE}", "203.0.113.9")
    server.update("alice:not-this-key", f"camera.{ZONE}", "198.51.100.8")
    time.sleep(2)  # until requests are written
    return key


def of_people(album: Album, person: Person) -> None:
    """Take pictures of what people see."""
    page = person.page
    album.take("welcome", "")
    album.take("hosts", "hosts")
    album.take("hosts", "hosts", DESK)
    album.take("trouble", f"hosts/camera.{ZONE}")
    album.take("host", f"hosts/{HOST}", DESK)
    page.goto(f"hosts/{HOST}/setup/fritzbox")
    person.press("Make a key for this host")
    album.take("setup")
    album.take("wait", f"hosts/{HOST}/wait")
    album.take("account", "account")
    album.take("zone", "zones/alice.example/records", DESK)
    album.take("changes", "zones/alice.example/changes", DESK)


def main() -> None:
    """Make all pictures anew."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        service = stack.enter_context(
            running_service(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        )
        chromium = stack.enter_context(launched_chromium())
        person = stack.enter_context(window(service, chromium))
        person.name = "alice"
        furnish(person)
        person.log_in()
        album = Album(person, folder)
        of_people(album, person)
        person.becomes_operator()
        album.take("operator", "operator", DESK)
        album.take("requests", "operator/requests", DESK)


if __name__ == "__main__":
    main()
