#!/usr/bin/env bash
# Make this checkout runnable: system packages, .venv, pinned Python packages, the built viewer.
#
#   scripts/setup.sh [base|test|lint|bench ...]
#
# Safe to repeat: each step leaves a stamp and does nothing while its inputs stay the same.
set -euo pipefail
umask 022 # what root installs, the unprivileged services must be able to read
cd "$(dirname "$0")/.."
project=$PWD
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

wanted=" base $* "
wants() { [[ $wanted == *" $1 "* ]]; }

# --- Python ---------------------------------------------------------------------------------

# Services that root starts run as an unprivileged user, who must be able to read what they run.
readable_by_services() {
    [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null ||
        setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$1" 2>/dev/null
}

usable_python() {
    local found
    found=$(command -v "$1" 2>/dev/null) || return 1
    "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
    readable_by_services "$(readlink -f "$found")"
}

choose_python() {
    local name
    for name in ${PYTHON:-} python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11; do
        if usable_python "$name"; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or newer is needed$([ "$(id -u)" != 0 ] || echo ', in a folder that users
other than root can read'). Install it, or name it: make PYTHON=/path/to/python3"
}

make_venv() {
    if [ -x .venv/bin/python ] && usable_python "$project/.venv/bin/python"; then
        return
    fi
    local python folder
    python=$(choose_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        install_packages "$("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
    folder=.venv
    if ! readable_by_services "$project/pyproject.toml"; then
        # A checkout in root's home: the environment must lie where the services can read it.
        folder=/opt/song-sinh/$(printf %s "$project" | cksum | cut -d' ' -f1)
        mkdir -p /opt/song-sinh
    fi
    say "Making the Python environment with $python"
    rm -rf .venv "$folder"
    "$python" -m venv "$folder"
    [ "$folder" = .venv ] || ln -s "$folder" .venv
}

install_python_packages() {
    local group groups=() stamp
    for group in test lint bench; do
        if wants "$group"; then groups+=(--group "$group"); fi
    done
    if ! node_is_new_enough; then groups+=(--group node); fi
    stamp=".venv/.stamp-$(echo base "${groups[@]}" | tr -d ' -')"
    local now
    now=$(cat pyproject.toml requirements/constraints.txt | sha256sum; .venv/bin/python -V)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
        return
    fi
    say "Installing Python packages"
    # Constraints bind the build tools too, so that a set-up next year builds the same.
    .venv/bin/python -m pip install --quiet --upgrade \
        "$(grep '^pip==' requirements/constraints.txt)"
    .venv/bin/python -m pip install --quiet --constraint requirements/constraints.txt \
        --build-constraint requirements/constraints.txt --editable . "${groups[@]}"
    echo "$now" >"$stamp"
}

# --- The viewer -----------------------------------------------------------------------------

node_is_new_enough() {
    local version
    version=$(PATH=$system_path node -p 'process.versions.node.split(".")[0]' 2>/dev/null) &&
        [ "$version" -ge 22 ] && PATH=$system_path command -v npm >/dev/null
}

in_viewer() {
    if node_is_new_enough; then
        (cd twin/viewer && PATH=$system_path "$@")
    else
        (cd twin/viewer && PATH=$project/.venv/bin:$PATH "$@")
    fi
}

viewer_inputs() {
    (
        cd twin/viewer
        find . \( -name node_modules -o -name dist -o -name tests \) -prune -o -type f -print0 |
            LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
    )
}

build_viewer() {
    local lock built
    lock=$(cat twin/viewer/package-lock.json twin/viewer/package.json | sha256sum)
    if [ "$(cat twin/viewer/node_modules/.stamp 2>/dev/null)" != "$lock" ]; then
        say "Installing the viewer's packages"
        in_viewer npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
        echo "$lock" >twin/viewer/node_modules/.stamp
    fi
    built=$(viewer_inputs)
    if [ "$(cat twin/viewer/dist/.stamp 2>/dev/null)" != "$built" ]; then
        say "Building the viewer"
        in_viewer npm run build --silent
        echo "$built" >twin/viewer/dist/.stamp
    fi
}

# --- In order -------------------------------------------------------------------------------

system_path=${PATH//$project\/.venv\/bin:/}
install_system_packages
make_venv
install_python_packages
if [ -f twin/viewer/package.json ]; then build_viewer; fi
