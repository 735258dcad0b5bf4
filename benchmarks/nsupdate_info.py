"""nsupdate.info's web application, as gunicorn serves it and as :mod:`benchmarks.pages` fills it.

It is run by the Python of an environment that has the packages ``nsupdate``, ``argon2-cffi`` and
``gunicorn``, in a directory of its own, with the port of the name server that it asks for
addresses in ``DNS_PORT``:

    python nsupdate_info.py OWNER    create the database, print a host's number and a session
    gunicorn nsupdate_info:application
"""

from __future__ import annotations

import os
import sys

import django
import dns.resolver
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from nsupdate.settings import prod

settings.configure(
    **{name: value for name, value in vars(prod).items() if name.isupper()}
    | {
        "WE_HAVE_TLS": False,
        "CSRF_COOKIE_SECURE": False,
        "SESSION_COOKIE_SECURE": False,
        "SECRET_KEY": "benchmark",
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "nsupdate.db"}},
    }
)
django.setup()
application = get_wsgi_application()

_reset = dns.resolver.BaseResolver.reset


def _reset_with_port(resolver: dns.resolver.BaseResolver) -> None:
    """It has no setting for the port of a name server."""
    _reset(resolver)
    resolver.port = int(os.environ["DNS_PORT"])


dns.resolver.BaseResolver.reset = _reset_with_port  # type: ignore[method-assign]


def fill(owner: str) -> None:
    """Create the database with an account that has one host and is logged in."""
    from django.contrib import auth
    from django.contrib.sessions.backends.db import SessionStore
    from nsupdate.main.models import Domain, Host

    call_command("migrate", verbosity=0)
    user = auth.get_user_model().objects.create_user("user", "user@example.org", "a password")
    name, _, zone = owner.partition(".")
    domain = Domain.objects.create(
        name=zone, nameserver_ip="127.0.0.1", available=True, created_by=user
    )
    host = Host.objects.create(name=name, domain=domain, created_by=user, update_secret="x")
    session = SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    print(host.pk, session.session_key)


if __name__ == "__main__":
    fill(sys.argv[1])
