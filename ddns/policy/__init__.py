"""Rules as functions of data and time: authentication, authorization, limits and edits."""
