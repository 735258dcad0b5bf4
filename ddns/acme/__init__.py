"""The server's own certificate by ACME (RFC 8555): orders, renewals, and where both are kept."""
