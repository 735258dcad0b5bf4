"""What has to be said before anything of the tests is imported."""

import pytest

# Assertions in what tests share tell what they compared, as those in tests do.
pytest.register_assert_rewrite("tests")
