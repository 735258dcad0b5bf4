"""The vocabulary everything else speaks: no I/O, no clock, no Twisted."""
