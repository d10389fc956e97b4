# shellcheck shell=bash
# Sourced by ./demo, ./check and scripts/lint, which have gone to the top of the checkout: what they need before they
# can start. What comes from apt is installed where that can be done (root on Debian), and named where it can't.

PYTHON=${PYTHON:-python3}
VENV=$PWD/.venv
WHEELS=$VENV/wheels
export PIP_DISABLE_PIP_VERSION_CHECK=1

# rustup puts cargo here, and only a new login shell knows.
command -v cargo >/dev/null || PATH=$PATH:$HOME/.cargo/bin

say() { printf '== %s\n' "$*" >&2; }

die() {
    printf '%s: %s\n' "$0" "$*" >&2
    exit 1
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    can_install || die "missing: $*. On Debian: sudo apt-get install $*"
    say "apt-get install $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# What the build needs beside Python and Rust: a linker, and OpenSSL's headers for native-tls.
need_packages() {
    local missing=()
    command -v "$PYTHON" >/dev/null || die "no Python here ($PYTHON); 3.9 or newer is needed"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 9))' || die "$("$PYTHON" -V) is too old: 3.9 or newer"
    command -v cargo >/dev/null || die "no Rust here: install 1.85 or newer, see https://rustup.rs"
    [ "$(printf '%s\n' 1.85.0 "$(rustc --version | cut -d' ' -f2)" | sort -V | head -1)" = 1.85.0 ] ||
        die "$(rustc --version) is too old: 1.85 or newer is needed, see https://rustup.rs"
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    if ! command -v pkg-config >/dev/null || ! pkg-config --exists openssl; then
        missing+=(pkg-config libssl-dev)
    fi
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# The interpreter's own test_ftplib is one of the suites. Debian packs it separately, and the rest can do without.
want_test_ftplib() {
    local package
    ! "$PYTHON" -c 'import test.test_ftplib' 2>/dev/null || return 0
    package=$("$PYTHON" -c 'import sys; print("libpython%d.%d-testsuite" % sys.version_info[:2])')
    if ! can_install || ! apt_install "$package"; then
        say "test_ftplib will be skipped: this Python lacks it (on Debian: sudo apt-get install $package)"
    fi
}

make_venv() {
    local version
    version=$("$PYTHON" -VV)
    if [ "$("$VENV/bin/python" -VV 2>/dev/null)" != "$version" ] || ! "$VENV/bin/python" -m pip -V >/dev/null 2>&1; then
        say "making .venv with $("$PYTHON" -V)"
        "$PYTHON" -m venv --clear "$VENV"
    fi
}

# install_package [EXTRA]: build the wheel, and install it, with the extra's packages, into .venv.
install_package() {
    local wheel
    need_packages
    make_venv
    "$VENV/bin/python" -m pip install -q "maturin>=1.9.4,<2"
    say "building the wheel"
    rm -rf "$WHEELS"
    "$VENV/bin/maturin" build --release --locked --interpreter "$VENV/bin/python" --out "$WHEELS"
    wheel=$(echo "$WHEELS"/*.whl)
    "$VENV/bin/python" -m pip install -q --force-reinstall --no-deps "$wheel"
    [ $# = 0 ] || "$VENV/bin/python" -m pip install -q "${wheel}[$1]"
}
