"""The messages of DonDNS, in Spanish and in English."""

from __future__ import annotations

from collections.abc import Mapping

from ddns.model.update import Status

_DONE = {
    "es": "Operación realizada correctamente.",
    "en": "Operation done correctly.",
}

MESSAGES: Mapping[Status, Mapping[str, str]] = {
    Status.GOOD: _DONE,
    Status.NOCHG: _DONE,
    Status.UNAUTHENTICATED: {
        "es": "Falta el usuario o la clave DonDNS.",
        "en": "The user or the DonDNS key is missing.",
    },
    Status.BADAUTH: {
        "es": "El usuario o la clave DonDNS no son válidos.",
        "en": "The user or the DonDNS key is wrong.",
    },
    Status.DISABLED: {
        "es": "API deshabilitada: la clave DonDNS está desactivada.",
        "en": "API disabled: the DonDNS key is switched off.",
    },
    Status.MISSING: {
        "es": "Falta el host.",
        "en": "The host is missing.",
    },
    Status.NOTFQDN: {
        "es": "El nombre del host no es válido.",
        "en": "This is not a host name.",
    },
    Status.NOHOST: {
        "es": "El host no existe o no tiene ningún registro de este tipo.",
        "en": "There is no such host, or it has no record of this type.",
    },
    Status.NOTYOURS: {
        "es": "El host es de otro usuario, o la clave DonDNS no sirve para él.",
        "en": "The host is another user's, or the DonDNS key does not reach it.",
    },
    Status.NUMHOST: {
        "es": "Demasiados hosts en una petición.",
        "en": "Too many hosts in one request.",
    },
    Status.BADSYS: {
        "es": "Tipo de servicio desconocido.",
        "en": "Unknown kind of service.",
    },
    Status.BADAGENT: {
        "es": "El cliente no dice qué es.",
        "en": "The client does not say what it is.",
    },
    Status.BADREQUEST: {
        "es": "La petición no tiene sentido.",
        "en": "The request makes no sense.",
    },
    Status.BADADDRESS: {
        "es": "Esta dirección IP no se puede asignar al host.",
        "en": "This IP address cannot be set for the host.",
    },
    Status.ABUSE: {
        "es": "Demasiados cambios en poco tiempo.",
        "en": "Too many changes in too short a time.",
    },
    Status.BLOCKED: {
        "es": "Las actualizaciones están bloqueadas.",
        "en": "Updates are blocked.",
    },
    Status.FAILED: {
        "es": "El servidor no ha podido hacerlo; nada ha cambiado.",
        "en": "The server could not do it; nothing was changed.",
    },
}
"""The message of each Status, by language."""
