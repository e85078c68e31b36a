#!/bin/bash
# run.sh: runs demo.sql in the sqlite3 shell; `make demo` calls it.
#
# On a private server it starts, fills and ends again; or, where DEMO_SERVER and
# DEMO_USER (and DEMO_FOLDER) name one, on a mailbox of the user's. Then it asks
# for the password, or reads it from a pipe. The password reaches the library in
# the environment: no argument list, history or SQL text ever holds it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
database=demo/rssd.sqlite.db

fail() {
	echo "demo: $*" >&2
	exit 1
}

own_mailbox() {
	[ -n "${DEMO_USER-}" ] || fail 'whose mailbox? make demo SERVER=imaps://imap.example.org USER=ada [FOLDER=INBOX]'
	folder=${DEMO_FOLDER:-INBOX}
	# A password in the environment belongs to the account it stands beside.
	if [ "${IMAP_SERVER-}" != "$DEMO_SERVER" ] || [ "${IMAP_USER-}" != "$DEMO_USER" ] || [ -z "${IMAP_PASSWORD-}" ]; then
		read -rsp "password of $DEMO_USER at $DEMO_SERVER: " IMAP_PASSWORD || fail 'no password given'
		echo >&2
	fi
	export IMAP_SERVER=$DEMO_SERVER IMAP_USER=$DEMO_USER IMAP_PASSWORD
}

private_server() {
	local started
	started=$(tests/server/dovecot.sh start)
	fact() { sed -n "s/^$1=//p" <<<"$started"; }
	# Expanded now: the trap runs where the function's variables are gone.
	trap "tests/server/dovecot.sh stop '$(fact DIR)'" EXIT
	folder=${DEMO_FOLDER:-*}
	echo "A private IMAP server runs at imaps://127.0.0.1:$(fact TLS_PORT), with" \
		"$(/usr/bin/python3 tests/fixtures/mail/fill.py "$(fact PORT)" alice pw-alice)."
	export IMAP_SERVER=imaps://127.0.0.1:$(fact TLS_PORT) IMAP_USER=alice IMAP_PASSWORD=pw-alice
	SSL_CERT_FILE=$(fact CA)
	export SSL_CERT_FILE
}

unset IMAP_ACCESS_TOKEN
if [ -n "${DEMO_SERVER-}" ]; then own_mailbox; else private_server; fi

# The database of the last demo goes when this one has come to its end.
new=$database.new
mkdir -p demo
rm -f "$new"*
if ! sqlite3 -batch -bail -init /dev/null \
	-cmd '.parameter init' \
	-cmd "INSERT INTO temp.sqlite_parameters VALUES (':folder', '${folder//\'/\'\'}');" \
	"$new" <examples/demo/demo.sql; then
	rm -f "$new"*
	exit 1
fi
rm -f "$database" "$database"-*
mv "$new" "$database"
echo
echo "The mail is in $database; docs/views.md has what to ask it. Full-text search, for one:"
echo "  sqlite3 $database '.load ./dist/imap0' '.read sql/views/email_search.sql' \\"
echo "    \"SELECT email.subject FROM email JOIN email_search('invoice OR crane') USING (email_id) LIMIT 5\""
