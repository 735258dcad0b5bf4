"""Zones in memory, and the engine that answers DNS messages from them, without I/O."""
