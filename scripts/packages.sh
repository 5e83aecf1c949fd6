# shellcheck shell=bash
# System packages: what is missing is installed through apt, or named where there is no apt.
# Sourced by setup.sh. The distribution's own clusters and services are left as they are.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

has_postgis() {
    local control major share
    for control in /usr/share/postgresql/*/extension/postgis.control; do
        major=$(basename "${control%/extension/*}")
        if [ -x "/usr/lib/postgresql/$major/bin/initdb" ]; then return 0; fi
    done
    # Elsewhere than in Debian's folders: what pg_config knows.
    command -v initdb >/dev/null && share=$(pg_config --sharedir 2>/dev/null) &&
        [ -e "$share/extension/postgis.control" ]
}

has_browser() {
    local name found
    [ -n "${TWIN_CHROMIUM:-}" ] && return 0
    for name in chromium chromium-browser google-chrome; do
        found=$(command -v "$name") || continue
        # Ubuntu's chromium-browser is a script that asks for the snap.
        grep -qs 'snap install chromium' "$found" || return 0
    done
    return 1
}

# apt knows which PostgreSQL the distribution means; a newer one that is installed comes first.
postgis_package() {
    local major
    major=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | cut -d/ -f5 | sort -n | tail -1)
    if [ -n "$major" ] && apt-cache show "postgresql-$major-postgis-3" >/dev/null 2>&1; then
        echo "postgresql-$major-postgis-3"
        return
    fi
    major=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)
    [ -n "$major" ] || fail "apt offers no PostgreSQL; install PostgreSQL with PostGIS yourself"
    echo "postgresql-$major-postgis-3"
}

install_system_packages() {
    local missing=()
    has_postgis || missing+=(postgis)
    command -v redis-server >/dev/null || command -v valkey-server >/dev/null || missing+=(redis-server)
    # The wheels of rasterio expect the system's expat.
    ldconfig -p 2>/dev/null | grep -q libexpat.so.1 || missing+=(libexpat1)
    if wants test && ! has_browser; then missing+=(chromium); fi
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}

explain_by_hand() {
    fail "this is missing: $*. There is no apt here to install it, so please install:
  PostgreSQL 14 or newer with PostGIS 3 (initdb on the PATH or in /usr/lib/postgresql/*/bin),
  redis-server 6 or newer, Python 3.11 or newer with its venv module,
  and for the tests a Chromium (name it in TWIN_CHROMIUM). Then run make again."
}

install_packages() {
    command -v apt-get >/dev/null || explain_by_hand "$@"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "these packages are missing and there is no sudo: $*. Run as root:
  apt-get install --no-install-recommends ${*/#postgis/postgresql postgresql-postgis}"
    fi
    if [[ " $* " == *" chromium "* ]] && grep -qs '^ID=ubuntu' /etc/os-release; then
        fail "the tests drive a Chromium, and Ubuntu's package is only a snap. Install a browser
and name it: TWIN_CHROMIUM=/path/to/chrome make test"
    fi
    say "Installing $* through apt$([ "$(id -u)" = 0 ] || echo ' (sudo)')"
    as_root apt-get update -qq
    local names=() name
    for name in "$@"; do
        if [ "$name" = postgis ]; then name=$(postgis_package); fi
        names+=("$name")
    done
    # Passed as text: sudo starts a fresh environment.
    as_root bash -c "$(declare -f apt_quietly); apt_quietly ${names[*]}"
}

# Install without starting anything: our services are private, and a second cluster or a Redis on
# the usual port would be somebody else's to manage. What was there before keeps running.
apt_quietly() {
    # Not local: the trap runs when the function's own names are gone.
    policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/song-sinh.conf
    local new_redis=1
    command -v redis-server >/dev/null && new_redis=0
    if [ -e "$policy" ]; then policy=; fi
    trap 'rm -f ${policy:+"$policy"} "$cluster"' EXIT
    if [ -n "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    mkdir -p "${cluster%/*}"
    echo "create_main_cluster = false" >"$cluster"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" || return
    if [ $new_redis = 1 ] && [ -d /run/systemd/system ] && [[ " $* " == *" redis-server "* ]]; then
        systemctl disable --quiet redis-server || true
    fi
}
