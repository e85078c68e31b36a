#!/bin/bash
# run.sh NAME SECONDS: runs one fuzz target, or all of them by the name `all`.
#
# Begins with fuzz/seeds, the fixtures of the tests and, where it is there, the
# corpus of tests/support/corpus.rs; goes on with what earlier runs have found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
PATH=$PATH:$HOME/.cargo/bin
name=${1:?the name of a target, or all} seconds=${2:?how long to run}

# The dictionary and the largest input of a target: structure shows in little.
shape() {
	case $1 in
	wire | responses | values | search_keys | sign_in) echo imap 2048 ;;
	accounts) echo accounts 2048 ;;
	fields | content) echo mail 1024 ;;
	outlook) echo mail 16384 ;;
	*) echo mail 4096 ;;
	esac
}

seed() {
	local target=$1 largest=$2 corpus=corpus/$1 real=${SQLITE_IMAP_CORPUS:-../../shared/corpus}
	mkdir -p "$corpus"
	if [ -d "seeds/$target" ]; then cp -n "seeds/$target"/* "$corpus"; fi
	case $target in
	message | indicators | auth | outlook | exports) ;;
	*) return 0 ;;
	esac
	cp -n ../tests/fixtures/eml/*.eml ../tests/fixtures/exports/*.eml "$corpus"
	[ -d "$real" ] || return 0
	[ -d corpus/.real ] || {
		mkdir -p corpus/.real
		for archive in fixtures outlook; do tar -xzf "$real/$archive.tar.gz" -C corpus/.real; done
	}
	local kind=(-name '*.eml' -o -name '*.msg')
	[ "$target" != outlook ] || kind=(-name '*.tnef' -o -name '*.msg' -o -name '*.rtf')
	find corpus/.real -type f -size "-${largest}c" \( "${kind[@]}" \) |
		while read -r file; do cp -n "$file" "$corpus/$(md5sum <"$file" | cut -c 1-32)"; done
}

run() {
	local target=$1 dictionary largest
	read -r dictionary largest <<<"$(shape "$target")"
	seed "$target" "$largest"
	cargo +nightly fuzz run "$target" "corpus/$target" -- \
		-dict="dictionaries/$dictionary.dict" -max_len="$largest" -max_total_time="$seconds" \
		-timeout=20 -rss_limit_mb=2048 -print_final_stats=1
}

if [ "$name" = all ]; then
	for target in $(cargo +nightly fuzz list); do run "$target"; done
else
	run "$name"
fi
