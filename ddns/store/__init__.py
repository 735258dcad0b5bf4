"""Where everything acknowledged is kept: the store's interface and its SQLite implementation."""
