# Sourced by ./run and ./test: a virtual environment with this project in it.

say() {
    printf '%s\n' "$*" >&2
}

may_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

# Packages of the system, where we may; their services are not started.
apt_install() {
    say "installing Debian packages: $*"
    apt-get update -qq >&2 &&
        DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 RUNLEVEL=1 \
            apt-get install -y -qq --no-install-recommends --no-remove "$@" </dev/null >&2
}

find_python() {
    for python in python3 python3.11 python3.12 python3.13 python3.14 python; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    if may_install && apt_install python3 python3-venv; then
        python=python3
        return
    fi
    say "Python 3.11 or later is needed. On Debian 12: apt-get install python3 python3-venv"
    exit 1
}

# A C compiler and Python's headers, where we may install them: with them a part is compiled.
find_compiler() {
    find_python
    headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    if ! echo '#include <Python.h>' | cc -E -I "$headers" - >/dev/null 2>&1 && may_install; then
        apt_install gcc libc6-dev python3-dev || say "nothing is compiled, so that is not tested"
    fi
}

# make_venv FOLDER WHAT...: installs WHAT there with pip, once, and again when setup.cfg, what is
# compiled or this directory's name has changed. The project itself is installed editable, so it is
# always current.
make_venv() {
    venv=$1
    shift
    newer=$(find setup.cfg setup.py ddns \( -path 'setup.*' -o -name '*.p[yx][xd]' \) \
        -newer "$venv/installed" 2>&1 | head -n 1)
    if [ -z "$newer" ] && [ "$(cat "$venv/installed")" = "$PWD $*" ]; then
        return
    fi
    find_python
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if ! may_install || ! apt_install python3-venv; then
            say "Python's venv is missing. On Debian: apt-get install python3-venv"
            exit 1
        fi
    fi
    say "making the virtual environment $venv"
    rm -rf "$venv"
    "$python" -m venv "$venv"
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
        "$venv/bin/python" -m pip install -qq "$@" >&2
    echo "$PWD $*" >"$venv/installed"
}
