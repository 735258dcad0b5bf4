"""The API: operations on a server, as coroutines and over HTTP, with permissions."""
