#!/bin/sh
# Installs what the tests use beside Python (tests/parts/debian-packages.txt), where this is Debian and we are root.
# Else it says what is missing: the tests that need it are skipped.
set -eu

missing=
for package in $(cat tests/parts/debian-packages.txt); do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing Debian packages for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
    echo "apt-get failed."
fi
echo "Missing for some tests, which are skipped:$missing"
