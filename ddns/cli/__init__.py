"""The ``ddns`` command: a client of the API, over the control socket or in its own process."""
