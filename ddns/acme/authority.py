"""An authority, as its clients see it: the steps of an order (RFC 8555 7.4). All of them block."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from acme import challenges, crypto_util, errors, messages
from acme.client import ClientV2
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from ddns.acme.challenges import Challenge, Pending
from ddns.acme.issued import Issued, file_of, new_key
from ddns.acme.network import network
from ddns.acme.problem import Problem
from ddns.acme.wanted import Wanted
from ddns.acme.wording import problem_of
from ddns.config.acme import WILDCARD

PATIENCE = 90.0
"""Seconds for an authority to look at all challenges, and again to issue the certificate."""


class Authority:
    """One conversation with an authority.

    :param wanted: its directory, and what is ordered there.
    :param account_key: the private key of our account.
    :param now: seconds since 1970.
    """

    def __init__(
        self, wanted: Wanted, account_key: ec.EllipticCurvePrivateKey, now: Callable[[], float]
    ) -> None:
        self._wanted = wanted
        self._now = now
        self._key = JWKEC(key=account_key)
        self._net, self._adapter = network(self._key, ES256, wanted.ca)
        self._known: ClientV2 | None = None
        self._order: messages.OrderResource | None = None
        self._private_key = b""

    def order(self, key_type: str) -> list[Pending]:
        """Begin an order with a new key; return what has to be shown for it.

        :raises Problem: when there is no order.
        """
        with self._problems():
            client = self._client()
            if self._net.account is None:
                self._register(client)
            self._private_key = new_key(key_type)
            csr = crypto_util.make_csr(self._private_key, list(self._wanted.names))
            self._order = client.new_order(csr, self._wanted.profile)
            return [
                self._pending(one.body)
                for one in self._order.authorizations
                if one.body.status != messages.STATUS_VALID
            ]

    def answer(self, chosen: Sequence[Challenge]) -> None:
        """Say that these challenges can be looked at, and wait until they have been.

        :raises Problem: when one has failed.
        """
        with self._problems():
            client, order = self._client(), self._ordered()
            for one in chosen:
                client.answer_challenge(one.body, one.body.response(self._key))
            self._order = client.poll_authorizations(order, self._deadline())

    def finish(self) -> bytes:
        """Have the certificate issued; return its file.

        :raises Problem: when there is none.
        """
        with self._problems():
            done = self._client().finalize_order(self._ordered(), self._deadline())
            chain = done.fullchain_pem.encode()
            return file_of(self._wanted.directory, self._private_key, chain)

    def renewal(self, issued: Issued) -> tuple[float | None, float]:
        """Ask when a certificate had best be renewed (RFC 9773).

        Return that, None if the authority does not say, and when to ask again, in seconds since
        1970.

        :raises Problem: when there is no sensible answer.
        """
        with self._problems():
            when, again = self._client().renewal_time(issued.chain)
            return None if when is None else when.timestamp(), again.timestamp()

    def close(self) -> None:
        """Close the connections."""
        self._net.session.close()

    def _client(self) -> ClientV2:
        if self._known is None:
            directory = ClientV2.get_directory(self._wanted.directory, self._net)
            self._known = ClientV2(directory, self._net)
        return self._known

    def _register(self, client: ClientV2) -> None:
        """Find our account, or open one (RFC 8555 7.3)."""
        email = self._wanted.email or None
        new = messages.NewRegistration.from_data(
            email=email,
            terms_of_service_agreed=True,
            external_account_binding=self._binding(client.directory),
        )
        try:
            client.new_account(new)
        except errors.ConflictError as known:
            account = messages.RegistrationResource(
                uri=known.location, body=messages.Registration()
            )
            self._net.account = account
            if email:
                client.update_registration(account, messages.Registration.from_data(email=email))

    def _binding(self, directory: messages.Directory) -> dict[str, Any] | None:
        wanted = self._wanted
        if not wanted.eab_kid:
            return None
        key = wanted.eab_hmac_key.rstrip("=")  # the library wants it without padding
        return messages.ExternalAccountBinding.from_data(
            self._key.public_key(), wanted.eab_kid, key, directory
        )

    def _pending(self, authorization: messages.Authorization) -> Pending:
        name = str(authorization.identifier.value).lower()
        if not {name, WILDCARD + name} & set(self._wanted.names):
            raise Problem(f"the authority asks about {name}, which was not ordered")
        ways = tuple(
            Challenge(
                type=str(body.chall.typ),
                name=name,
                token=str(body.chall.encode("token")),
                value=str(body.chall.validation(self._key)),
                body=body,
            )
            for body in authorization.challenges
            if isinstance(body.chall, challenges.DNS01 | challenges.HTTP01)
        )
        return Pending(name, bool(authorization.wildcard), ways)

    def _ordered(self) -> messages.OrderResource:
        assert self._order is not None, "an order was begun"
        return self._order

    def _deadline(self) -> datetime.datetime:
        """Return a local time, which the library compares with its own clock."""
        return datetime.datetime.fromtimestamp(self._now() + PATIENCE)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        """Turn whatever comes of an answer that is none of ACME into a problem."""
        self._adapter.wait = 0.0
        try:
            yield
        except Exception as error:
            raise problem_of(error, self._adapter.wait) from error
