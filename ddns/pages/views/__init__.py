"""The views: each answers one page."""
