"""Trusted proxies: X-Forwarded-For, Forwarded, and the PROXY protocol."""
