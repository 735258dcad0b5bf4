"""Having a server that runs use other settings, and telling whoever wanted it what came of that."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from ddns.api.errors import Invalid
from ddns.api.operations import Json
from ddns.config.diff import Changes, compare
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError


class SettingsReloader:
    """*reread* gives the settings as they are by now, or raises ConfigError; *apply* uses some, or
    raises ConfigError and leaves all as it was; *began* and *ended* are told of each time."""

    _log = Logger()

    def __init__(
        self,
        settings: Settings,
        reread: Callable[[], Settings],
        apply: Callable[[Settings], None],
        began: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self.settings = settings
        self._reread = reread
        self._apply = apply
        self._began = began
        self._ended = ended

    def reload(self) -> Changes:
        """Read the settings again, and use what may change while the server runs.

        :raises ConfigError: for settings that cannot be; then all stays as it was.
        """
        self._began()
        try:
            changes = compare(self.settings, self._reread())
            self._apply(changes.settings)
        finally:
            self._ended()
        self.settings = changes.settings
        self._log.info(
            "settings were read again; changed: {changed}; waiting for a new start: {waiting}",
            changed=", ".join(changes.changed) or "nothing",
            waiting=", ".join(changes.waiting) or "nothing",
        )
        return changes

    def or_log(self) -> None:
        """The same for who cannot be told of an error."""
        try:
            self.reload()
        except ConfigError as error:
            self._log.error("settings stay as they were: {error}", error=error)

    def for_operator(self) -> Json:
        """The same for the API.

        :raises Invalid: for settings that cannot be.
        """
        try:
            changes = self.reload()
        except ConfigError as error:
            raise Invalid(str(error)) from None
        return {"changed": list(changes.changed), "waiting": list(changes.waiting)}
