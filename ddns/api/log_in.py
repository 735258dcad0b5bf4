"""Operations that open and end sessions."""

from __future__ import annotations

from ddns.api.code_checks import CodeChecks
from ddns.api.errors import SecondFactorNeeded, Unauthenticated
from ddns.api.serializers import Json


class LogInOperations(CodeChecks):
    """Logging in and out."""

    async def log_in(self, name: str, password: str, code: str | None = None) -> Json:
        """Open a session and return its token, which stands for name and password until it expires
        and cannot be shown again. Of an account with a second factor it takes a *code* too, from an
        app or a recovery code. Without one the error ``second_factor`` tells in ``ways`` what there
        is, and its ``ticket`` stands for name and password in ``log_in_code``."""
        service = self._service
        account = await service.authenticate(name, password, self._caller.peer)
        if account is None:
            raise Unauthenticated("wrong name or password")
        known = account.name
        ways = (await self._read(lambda context: context.second_factors(known))).ways
        if not ways:
            return await service.open_session(account, self._caller)
        if code is None:
            raise SecondFactorNeeded(ways, service.ticket_for(account))
        await self._use_code(known, code)
        return await service.open_session(account, self._caller, strong=True)

    async def log_in_code(self, ticket: str, code: str) -> Json:
        """Open a session with the ticket of a log-in and the code that it lacked. After a few wrong
        codes (``wrong_code``), or five minutes, the log-in has to begin again."""
        service = self._service
        account = service.try_ticket(ticket)
        await self._use_code(account.name, code)
        service.tickets.take(ticket, service.clock())
        return await service.open_session(account, self._caller, strong=True)

    async def log_out(self) -> Json:
        """End the session whose token came with the request."""
        name = self._caller.logged_in_account()
        self._service.sessions.close(self._caller.session)
        await self._service.write_sessions()
        return {"account": name}
