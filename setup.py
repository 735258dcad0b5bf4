"""What setup.cfg cannot say: the fast path of DNS is compiled where that is possible.

It takes Linux, a C compiler and Python's headers. Without them the same is done in Python.
"""

from __future__ import annotations

import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup

MODULES = {
    "ddns.zone.compiled": "ddns/zone/compiled.pyx",
    "ddns.net.dns.udp_compiled": "ddns/net/dns/udp_compiled.pyx",
}

PROBE = """
#define _GNU_SOURCE
#include <Python.h>
#include <sys/socket.h>
struct mmsghdr header;
"""


def why_not() -> str:
    """Return what is missing, empty if nothing is."""
    if sys.platform != "linux":
        return "it is for Linux"
    try:
        import Cython  # noqa: F401
        from setuptools._distutils.ccompiler import new_compiler
        from setuptools._distutils.sysconfig import customize_compiler
    except ImportError as error:
        return str(error)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(PROBE)
        compiler = new_compiler()
        customize_compiler(compiler)
        try:
            compiler.compile([str(source)], folder, include_dirs=[sysconfig.get_path("include")])
        except Exception:
            return "there is no C compiler that works and finds Python.h"
    return ""


if missing := why_not():
    print(f"ddns: the fast path is not compiled, and runs in Python: {missing}", file=sys.stderr)
    setup()
else:
    setup(
        ext_modules=[
            Extension(name, [source], define_macros=[("_GNU_SOURCE", "1")], optional=True)
            for name, source in MODULES.items()
        ],
        options={"build_ext": {"cython_c_in_temp": True}},
    )
