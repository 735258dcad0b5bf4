"""Settings: what can be set, how a file of them is read, how two of them differ."""
