"""Operations of people on their sessions and passwords."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from ddns.api import parsing
from ddns.api.access import WriteContext
from ddns.api.accounts import change_password, check_unchanged
from ddns.api.base import BaseOperations
from ddns.api.errors import NotFound, Unauthenticated
from ddns.api.self_service import add_pending_token, find_pending_token
from ddns.api.serializers import Json, account_json, session_json
from ddns.model.account import Account, Purpose
from ddns.model.session import Session
from ddns.policy import secrets


class SessionOperations(BaseOperations):
    """One's sessions, and the password to open them with."""

    async def session_list(self) -> Json:
        """List one's sessions, the last used first: since when, from where and with which program
        each was opened, and when it was last used."""
        return {
            "sessions": [
                session_json(session, current=session.digest == self._caller.session)
                for session in self._own_sessions()
            ]
        }

    async def session_close(self, id: str) -> Json:
        """End one of one's sessions."""
        closed = await self._close(session for session in self._own_sessions() if session.id == id)
        if not closed:
            raise NotFound("you have no such session")
        return {"id": id}

    async def session_close_others(self) -> Json:
        """End all of one's sessions but the one whose token came with the request."""
        mine = self._caller.session
        others = (session for session in self._own_sessions() if session.digest != mine)
        return {"closed": await self._close(others)}

    def _own_sessions(self) -> list[Session]:
        account = self._service.account_of(self._caller.logged_in_account())
        return [] if account is None else self._service.sessions_of(account)

    async def _close(self, sessions: Iterable[Session]) -> int:
        """End sessions; return how many there were."""
        ending = list(sessions)
        for session in ending:
            self._service.sessions.close(session.digest)
        await self._service.write_sessions()
        return len(ending)

    async def password_change(self, old: str, new: str) -> Json:
        """Change one's password. All sessions end; the answer has the token of a new one."""
        service = self._service
        name = self._caller.logged_in_account()
        parsing.chosen_password(new)
        former = await self._confirm_password(old)
        mine = self._caller.session
        strong = any(one.strong for one in self._own_sessions() if one.digest == mine)
        with service.hashing_slot():
            hashed = await self._hash(new)

        def work(context: WriteContext) -> None:
            check_unchanged(context, former)
            change_password(context, name, hashed)

        await self._transact(work, even_if_blocked=True)
        account = service.account_of(name)
        if account is None or account.password != hashed:
            raise Unauthenticated("the password was changed again; log in")
        return await service.open_session(account, self._caller, strong=strong)

    async def password_reset_request(self, name_or_email: str) -> Json:
        """Ask for a mail with a token to set another password with. The answer does not tell
        whether there is such an account."""
        service, subject = self._service, parsing.name_or_email(name_or_email)
        token, pending = service.new_token(Purpose.RESET, "")

        def work(context: WriteContext) -> Account | None:
            transaction = context.transaction
            account = transaction.account_by_email(subject) if "@" in subject else None
            account = account or transaction.account(subject)
            # Where no mail goes out a token is stored as well, though nobody is sent it: both cases
            # have to take the same time. It replaces the last one of these, lest they use up all
            # that may wait, and is stored without the subject, which may be somebody's password.
            transaction.remove_pending_tokens("")
            name = account.name if account is not None and account.email is not None else ""
            add_pending_token(context, dataclasses.replace(pending, account=name))
            return account

        with service.limit_requests(self._caller.peer, Purpose.RESET, subject):
            account = await self._transact(work)
        if account is not None and account.email is not None:
            message = service.templates.reset_password(
                account.email, account.name, token, service.confirmation_time
            )
            service.send_mail(message, Purpose.RESET, subject)
        return {"name_or_email": subject}

    async def password_reset(self, token: str, password: str) -> Json:
        """Set another password with the token from a mail. All sessions end."""
        service = self._service
        parsing.chosen_password(password)
        digest = secrets.digest_key(token)
        await self._read(lambda context: find_pending_token(context, digest, Purpose.RESET))
        with service.hashing_slot():
            hashed = await self._hash(password)

        def work(context: WriteContext) -> Json:
            pending = find_pending_token(context, digest, Purpose.RESET)
            return account_json(change_password(context, pending.account, hashed))

        return await self._transact(work)
