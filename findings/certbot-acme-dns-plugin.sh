#!/usr/bin/env bash
# certbot-acme-dns 0.3.1 (PyPI, the newest) beside certbot 5.8.0: no certbot command works any more.
#
# pip installs the two together and finds nothing wrong. From then on every command ends with exit status 1 and
# the name of the plugin, `certbot --version` and those that use another plugin as well: the plugin imports a
# private function that certbot has no more, and certbot loads all plugins before it looks at its arguments.
# Without the plugin they work again.
#
# Seen:
#   --version: 1, errored while loading
#   plugins: 1, errored while loading
#   certificates: 1, errored while loading
#   --version, without the plugin: 0
#
# Prints what it sees and fails where that is something else. Needs Python 3.11 with venv, and pip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check certbot==5.8.0 acme==5.8.0 certbot-acme-dns==0.3.1 2>/dev/null
venv/bin/pip check >/dev/null

see() {
    local status=0
    venv/bin/certbot "$1" --config-dir config --work-dir work --logs-dir logs >said 2>&1 || status=$?
    if grep -q 'errored while loading' said; then
        echo "$1${2:-}: $status, errored while loading"
    else
        echo "$1${2:-}: $status"
    fi
}

{
    for command in --version plugins certificates; do see "$command"; done
    venv/bin/pip uninstall -q -y certbot-acme-dns
    see --version ', without the plugin'
} >seen
cat seen
diff - seen <<'WANTED'
--version: 1, errored while loading
plugins: 1, errored while loading
certificates: 1, errored while loading
--version, without the plugin: 0
WANTED
