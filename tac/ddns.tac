"""A server as an application file: ``twistd -n -y tac/ddns.tac``."""

from twisted.application.service import Application
from twisted.internet import reactor

from ddns.embedding import DdnsService, Settings

application = Application("ddns")
DdnsService(Settings(database="ddns.sqlite"), reactor).setServiceParent(application)
