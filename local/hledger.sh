#!/usr/bin/env bash
# Installs hledger where it is missing and may be installed. The tests check exported books with it, make bench posts
# beside it; both say so where it is still missing, so nothing here fails.
set -uo pipefail

command -v hledger >/dev/null && exit 0

as_root=()
if [ "$EUID" != 0 ]; then
    as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "setup: hledger is missing, and without it the tests of exports fail: on Debian, apt-get install hledger" >&2
    exit 0
fi

echo "setup: installing hledger, once"
"${as_root[@]}" apt-get update -qq >/dev/null 2>&1
said=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq hledger 2>&1) ||
    echo "setup: hledger cannot be installed, and without it the tests of exports fail: ${said##*$'\n'}" >&2
exit 0
