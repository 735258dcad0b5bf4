"""The APIs of other DNS servers that tools speak, most of them for certificates."""
