"""A server as an application file: ``twistd -n -y tac/ddns.tac``."""

from twisted.application.service import Application
from twisted.internet import reactor

from ddns.settings import Settings
from ddns.service import DdnsService

application = Application("ddns")
DdnsService(Settings(database="ddns.sqlite"), reactor).setServiceParent(application)
