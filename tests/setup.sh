#!/bin/bash
# setup.sh build|demo|fuzz|test|servers: sees to it that what the task needs is there.
#
# Installs what is missing on Debian, as root or through sudo. Elsewhere it says
# in one sentence what to install. Where nothing is missing it costs a moment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin
task=${1:?build, demo, fuzz, test or servers}

fail() {
	echo "setup: $*" >&2
	exit 1
}

has() { command -v "$1" >/dev/null; }

missing=()
# need PACKAGE COMMAND...: the package, unless the command succeeds.
need() {
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || missing+=("$package")
}

# bindgen, which reads SQLite's header during the build, loads libclang.
has_libclang() {
	[ -n "${LIBCLANG_PATH-}" ] || compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' || compgen -G '/usr/lib*/libclang*.so*'
}

# A venv needs the ensurepip module, which Debian packs apart.
has_venv() { /usr/bin/python3 -c 'import ensurepip, venv'; }

has_dovecot() { has dovecot && compgen -G '/usr/lib*/dovecot/imap'; }

need build-essential has cc
need libclang-dev has_libclang
if [ "$task" != build ] && [ "$task" != fuzz ]; then
	need dovecot-imapd has_dovecot
	need openssl has openssl
	need python3 test -x /usr/bin/python3
	need sqlite3 has sqlite3
fi
if [ "$task" = servers ]; then
	need mmdebstrap has mmdebstrap
fi
if [ "$task" = test ]; then
	need chromium has chromium
	need curl has curl
	need dbus has dbus-run-session
	need gnome-keyring has gnome-keyring-daemon
	need libsecret-tools has secret-tool
	need nodejs has node
	need npm has npm
	need nsd has nsd
	need openssh-server has sshd
	need procps has kill
	need python3-venv has_venv
	need stunnel4 has stunnel
	need tinyproxy has tinyproxy
	need util-linux has setsid
fi

# A freshly installed server would serve the whole network at once, and after
# every start of the machine. Only private instances are wanted here.
services() { # PACKAGE...
	local package
	for package in "$@"; do
		case $package in
		dovecot-imapd) echo dovecot.service dovecot.socket ;;
		nsd) echo nsd.service ;;
		openssh-server) echo ssh.service ssh.socket ;;
		stunnel4) echo stunnel4.service stunnel.target ;;
		tinyproxy) echo tinyproxy.service ;;
		esac
	done
}

install_packages() {
	local sudo=() guard=/usr/sbin/policy-rc.d guarded='' service
	if [ "$(id -u)" != 0 ]; then
		has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; } || return 1
		sudo=(sudo)
	fi
	has apt-get || return 1
	echo "setup: installing ${missing[*]}"
	if [ -n "$(services "${missing[@]}")" ] && [ ! -e $guard ]; then
		guarded=yes
		printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$guard" >/dev/null
		"${sudo[@]}" chmod +x "$guard"
	fi
	local done=0 apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
	"${sudo[@]}" "${apt[@]}" update && "${sudo[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}" || done=1
	if [ -n "$guarded" ]; then
		"${sudo[@]}" rm -f "$guard"
		if has systemctl; then
			for service in $(services "${missing[@]}"); do
				"${sudo[@]}" systemctl disable --quiet "$service" 2>/dev/null || true
			done
		fi
	fi
	return "$done"
}

if [ ${#missing[@]} != 0 ]; then
	install_packages >&2 || fail "please install as root: apt-get install ${missing[*]}"
fi

# A peer that the benchmark can do without.
if [ "$task" = bench ] && ! has mbsync; then
	missing=(isync)
	install_packages >&2 || echo 'setup: cannot install isync; the benchmark goes without mbsync' >&2
fi

# version_at_least WANTED FOUND
version_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
advice="please install Rust $wanted or later from https://rustup.rs (the one Debian packs is too old)"
has cargo || fail "there is no cargo; $advice"
found=$(cargo --version | cut -d ' ' -f 2)
version_at_least "$wanted" "$found" || fail "cargo is $found; $advice"
if [ "$task" = test ] && ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
	has rustup && rustup component add rustfmt clippy >&2 ||
		fail 'rustfmt or clippy is missing; please run: rustup component add rustfmt clippy'
fi
# Sanitizers and coverage are for the nightly compiler only.
if [ "$task" = fuzz ]; then
	if ! cargo +nightly --version >/dev/null 2>&1; then
		has rustup || fail 'fuzzing needs a nightly Rust; please install rustup from https://rustup.rs'
		rustup toolchain install nightly --profile minimal >&2 ||
			fail 'please run: rustup toolchain install nightly --profile minimal'
	fi
	has cargo-fuzz || cargo install --quiet --locked cargo-fuzz >&2 || fail 'please run: cargo install cargo-fuzz'
fi
