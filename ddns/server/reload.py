"""Reloading the settings of a running server, for the operator and for signals."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from ddns.api.errors import Invalid
from ddns.api.operations import Json
from ddns.config.diff import Changes, compare
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError


class SettingsReloader:
    """Rereads settings and applies what may change while the server runs.

    :param settings: the settings in use.
    :param reread: returns the settings as they are by now, or raises ConfigError.
    :param apply: uses settings, or raises ConfigError and changes nothing.
    :param began: called before each reload.
    :param ended: called after it, whatever came of it.
    """

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
        """Reread the settings, and apply what may change while the server runs.

        :raises ConfigError: for invalid settings; then nothing is changed.
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
        """Reload, and log an error; for signals, which nobody waits for."""
        try:
            self.reload()
        except ConfigError as error:
            self._log.error("settings stay as they were: {error}", error=error)

    def for_operator(self) -> Json:
        """Reload for the API.

        :raises Invalid: for invalid settings.
        """
        try:
            changes = self.reload()
        except ConfigError as error:
            raise Invalid(str(error)) from None
        return {"changed": list(changes.changed), "waiting": list(changes.waiting)}
