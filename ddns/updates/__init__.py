"""The pipeline that every update goes through: authenticate, decide, commit, publish."""
