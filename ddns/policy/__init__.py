"""Who may do what, and what a change amounts to: pure functions of data and time."""
