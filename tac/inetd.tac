"""Serve the miniupdate connection on descriptor 0, from a super-server, without ``ddns-inetd``:
``twistd -n --pidfile= --rundir=/var/lib/ddns --logfile=/var/log/ddns-inetd.log -y tac/inetd.tac``.

The connection is handed to the running server, or to another process like this one; it is served
here only if there is none. The log must not go to standard output, which is the client.
"""

from twisted.application.service import Application
from twisted.internet import reactor

from ddns.system.handover import take_client
from ddns.server.inetd import InetdService
from ddns.config.settings import Settings

connection = take_client()
application = Application("ddns-inetd")
settings = Settings(database="ddns.sqlite")
InetdService(settings, reactor, "miniupdate", connection).setServiceParent(application)
