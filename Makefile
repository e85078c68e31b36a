# make           builds dist/imap0.so (.dylib, .dll), to be loaded with .load
# make demo      shows it at work on a private server, or on your own mailbox:
#                make demo SERVER=imaps://imap.example.org USER=ada FOLDER=INBOX
# make test      checks everything
# make test-servers  runs the scenarios of every server, Cyrus and Courier too, and
#                tests with Dovecot 2.4 (needs root)
# make bench     measures it against its peers on a private server: see
#                docs/benchmarks.md for BENCH=header and other choices
# make fuzz      feeds every parser what it has never seen, ten minutes each:
#                make fuzz FUZZ=message SECONDS=60 for one of them
# make soak     kills an ingest a hundred times, and looks what it left
# make setup     installs what these need (they do so themselves)
# make clean     removes what they leave

export PATH := $(PATH):$(HOME)/.cargo/bin
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

ifeq ($(OS),Windows_NT)
BUILT := imap0.dll
LIBRARY := imap0.dll
else ifeq ($(shell uname -s),Darwin)
BUILT := libimap0.dylib
LIBRARY := imap0.dylib
else
BUILT := libimap0.so
LIBRARY := imap0.so
endif

SERVERS := cyrus courier dovecot

.PHONY: soak bench build clean demo fuzz setup test test-servers

# For imap_debug(); an archive of the source has no commit to tell.
build: export IMAP_COMMIT := $(or $(IMAP_COMMIT),$(shell test -e .git && git rev-parse --short=12 HEAD 2>/dev/null || echo unknown))
build:
	@tests/setup.sh build
	cargo build --release --locked
	@mkdir -p dist
	@cp "$(TARGET)/release/$(BUILT)" dist/$(LIBRARY)
	@echo "built dist/$(LIBRARY)"

setup:
	@tests/setup.sh test
	@tests/hosts/setup.sh "$(TARGET)/hosts"

# USER is always in the environment; only the one given to make is meant.
demo: export DEMO_SERVER := $(SERVER)
demo: export DEMO_USER := $(if $(filter command,$(origin USER)),$(USER))
demo: export DEMO_FOLDER := $(FOLDER)
demo:
	@tests/setup.sh demo
	@$(MAKE) --no-print-directory build
	@examples/demo/run.sh

bench:
	@tests/setup.sh bench
	@$(MAKE) --no-print-directory build
	@/usr/bin/python3 -B benches/mailbox/run.py

test: setup
	cargo fmt --check
	cargo fmt --check --manifest-path examples/rust/Cargo.toml
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --quiet --all-targets --locked -- -D warnings
	RUSTFLAGS='--cfg fuzzing' cargo clippy --quiet --manifest-path fuzz/Cargo.toml --target-dir "$(TARGET)/fuzz" -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --locked --no-deps --document-private-items
	cargo test --quiet --locked --no-fail-fast --lib --tests

# Debian's packages of IMAP servers exclude each other, so these live in chroots
# under target/servers, made once.
test-servers:
	@tests/setup.sh servers
	@for server in $(SERVERS); do tests/server/chroot.sh $$server "$(TARGET)/servers" >/dev/null || exit 1; done
	cargo test --quiet --locked --test servers -- --include-ignored
	DOVECOT_CHROOT="$(TARGET)/servers/dovecot" cargo test --quiet --locked --no-fail-fast \
		--test accounts --test oauth --test compression --test tables --test messages

fuzz: FUZZ := all
fuzz: SECONDS := 600
fuzz:
	@tests/setup.sh fuzz
	@fuzz/run.sh "$(FUZZ)" "$(SECONDS)"

soak: setup
	SOAK=100 cargo test --quiet --locked --test ingest_crash

clean:
	cargo clean
	rm -rf demo dist
