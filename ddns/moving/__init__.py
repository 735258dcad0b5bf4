"""Lists of hosts as other services give them, and what is imported of them."""
