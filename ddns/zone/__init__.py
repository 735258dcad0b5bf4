"""Zones in memory and the engine that answers DNS from them: bytes in, bytes out, no I/O."""
