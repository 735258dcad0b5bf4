"""Operations on the certificate that the server gets for itself."""

from __future__ import annotations

from ddns.api.base import BaseOperations
from ddns.api.serializers import Json, time_json
from ddns.model.certificate import CertificateState


class CertificateOperations(BaseOperations):
    """What operators can do about the server's own certificate; ``status`` shows it."""

    async def certificate_renew(self) -> Json:
        """Order the certificate that the server gets for itself now, though it may not be due yet,
        and wait for it."""
        return certificate_json(await self._running.renew())


def certificate_json(state: CertificateState) -> Json:
    """Return how it stands with the server's own certificate."""
    times = {
        "expires": state.expires,
        "renewal": state.renewal,
        "issued_at": state.issued_at,
        "failed_at": state.failed_at,
    }
    return {
        "directory": state.directory,
        "names": list(state.names),
        "wanted": list(state.wanted),
        "keys": list(state.key_types),
        "issuer": state.issuer,
        **{name: None if at is None else time_json(at) for name, at in times.items()},
        "ordering": state.ordering,
        "problem": state.problem,
        "failures": state.failures,
    }
