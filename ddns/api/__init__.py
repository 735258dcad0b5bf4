"""The JSON API: what the admin command speaks to a running server, or runs in its own process."""
