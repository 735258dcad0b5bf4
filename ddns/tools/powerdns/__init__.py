"""The part of PowerDNS's HTTP API that tools use (PowerDNS Authoritative Server 4)."""
