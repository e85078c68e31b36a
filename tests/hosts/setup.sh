#!/bin/bash
# setup.sh DIR: puts the hosts the tests load the library into below DIR: apsw in
# a Python environment (DIR/python) and better-sqlite3 (DIR/node). The exports are
# checked by those who take them, in a Python environment too (DIR/intel): the
# hpfeeds broker, stix2, and OpenCTI's own client. Mail is signed by dkimpy
# (DIR/dkim). The authorization server that the tests sign in at is oidc-provider
# (DIR/oidc).
#
# The newest that run here, as a user gets them. Once there, they stay until DIR
# goes.
set -euo pipefail
mkdir -p "$1"
cd "$1"

if [ ! -e python/ready ]; then
	rm -rf python
	/usr/bin/python3 -m venv python
	python/bin/pip install --quiet apsw
	touch python/ready
fi

if [ ! -e intel/ready ]; then
	rm -rf intel
	/usr/bin/python3 -m venv intel
	intel/bin/python -m pip install --quiet 'hpfeeds[broker]' stix2 pycti
	touch intel/ready
fi

if [ ! -e dkim/ready ]; then
	rm -rf dkim
	/usr/bin/python3 -m venv dkim
	dkim/bin/python -m pip install --quiet 'dkimpy[ed25519,ARC]'
	touch dkim/ready
fi

if [ ! -e oidc/ready ]; then
	rm -rf oidc
	mkdir oidc
	npm install --silent --no-save --no-package-lock --prefix oidc oidc-provider@9
	touch oidc/ready
fi

# The newest better-sqlite3 for this Node. It says itself what it needs, but npm
# before version 10 does not heed that, and with another Node it crashes.
better_sqlite3() {
	local node
	node=$(node -p 'process.versions.node.split(".")[0]')
	if [ "$node" -ge 22 ]; then
		echo better-sqlite3
	elif [ "$node" -ge 20 ]; then
		echo better-sqlite3@12
	else
		echo better-sqlite3@11
	fi
}

works() { node -e 'new (require("better-sqlite3"))(":memory:")'; }

if [ ! -e node/ready ]; then
	rm -rf node
	mkdir node
	cd node
	npm install --silent --no-save --no-package-lock --prefix . "$(better_sqlite3)"
	# Where install scripts are blocked, the native half is missing at first.
	if ! works 2>/dev/null; then
		npm rebuild --silent --foreground-scripts --prefix . better-sqlite3 >&2
		works
	fi
	touch ready
fi
