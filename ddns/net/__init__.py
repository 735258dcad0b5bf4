"""The only package that touches the reactor: sockets, listeners and protocols."""
