"""Mail: a queue in memory, and delivery to a relay."""
