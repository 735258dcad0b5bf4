"""The SQLite store: one writer, readers beside it, backup, check, restore."""
