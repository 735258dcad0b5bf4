"""Serves what a super-server has accepted for miniupdate, descriptor 0, without ``ddns-inetd``:
``twistd -n --pidfile= --rundir=/var/lib/ddns --logfile=/var/log/ddns-inetd.log -y tac/inetd.tac``.

A server that runs, or another one of these, gets the connection; only where there is none it is
served here. The log must not go to standard output, which is the client.
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
