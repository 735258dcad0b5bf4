"""The way out: connections that users of this server cause, kept out of its operator's network."""
