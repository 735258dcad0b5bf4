"""What has to be said before anything of the tests is imported."""

import gc
import signal

import pytest

# All that is made while tests are collected stays, so looking for what does not would be half of
# the work.
gc.disable()

# Assertions in what tests share tell what they compared, as those in tests do.
pytest.register_assert_rewrite("tests")

# A run in the background of a script ignores SIGINT (POSIX, 2.11 of the shell), and so would every
# program that tests start, such as the server that is to end on Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()
