#!/bin/bash
# deliver.sh opencti|limacharlie DATABASE LIBRARY: sends the messages in RSSD that
# the target has not had, one request each, and marks what it has confirmed.
#
# Needs sqlite3 and curl. Prints how many were delivered; ends at the first
# refusal with the target's words, to go on from there the next time.
set -euo pipefail
usage='usage: deliver.sh opencti|limacharlie DATABASE LIBRARY'
target=${1:?$usage} database=$(realpath "${2:?$usage}") library=$(realpath -m "${3:?$usage}")
if [ ! -f "$database" ]; then
	echo "deliver: no database '$database'; imap_ingest makes one" >&2
	exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { sqlite3 -batch -bail "$database" '.timeout 30000' ".load '$library'" "$@"; }

# post URL HEADER: sends $work/request; the answer is in $work/answer. The header
# may hold a secret, which other users could read off a command line.
post() {
	curl --silent --show-error --fail-with-body --max-time 120 --output "$work/answer" \
		--header 'Content-Type: application/json' --header @<(printf '%s\n' "$2") \
		--data-binary @"$work/request" "$1" || fail
}

fail() {
	echo "deliver: $target did not take it: $(head -c 500 "$work/answer" 2>/dev/null || true)" >&2
	exit 1
}

# GraphQL says no with status 200 and a list of errors.
graphql() {
	post "${OPENCTI_URL:?}/graphql" "Authorization: Bearer ${OPENCTI_TOKEN:?}"
	[ "$(sqlite3 :memory: "SELECT json_type(readfile('$work/answer'), '\$.data.$1')")" = "$2" ] || fail
}

connector=email-intel-imap--ee2beb6c-4e99-47e6-ab5b-f3eea350f601

case $target in
opencti)
	view=email_report
	cat >"$work/request" <<-JSON
		{"query": "mutation (\$input: RegisterConnectorInput) { registerConnector(input: \$input) { id } }",
		 "variables": {"input": {"id": "$connector", "name": "Email Intel IMAP", "type": "EXTERNAL_IMPORT",
		                         "scope": ["email-intel-imap"], "auto": false, "only_contextual": false}}}
	JSON
	graphql registerConnector object
	request="json_object(
		'query', 'mutation (\$id: String!, \$bundle: String!) { stixBundlePush(connectorId: \$id, bundle: \$bundle) }',
		'variables', json_object('id', '$connector', 'bundle', '' || bundle))"
	deliver() { graphql stixBundlePush true; }
	;;
limacharlie)
	view=email_event
	request=event
	deliver() { post "${LIMACHARLIE_WEBHOOK:?}" "lc-secret: ${LIMACHARLIE_SECRET:?}"; }
	;;
*)
	echo "deliver: unknown target '$target' (opencti or limacharlie)" >&2
	exit 2
	;;
esac

sql ".read sql/views/$view.sql" '.read sql/views/email_delivery.sql'

# Ids go through the shell in hexadecimal: whatever they are, they end nothing.
waiting=$(sql "SELECT hex(email_id) FROM email AS e
                WHERE raw IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM email_delivery AS d
                                   WHERE d.target = '$target' AND d.email_id = e.email_id)
                ORDER BY ingested_at")
count=0
for hex in $waiting; do
	id="CAST(x'$hex' AS TEXT)"
	sql "SELECT writefile('$work/request', $request) FROM $view WHERE email_id = $id" >/dev/null
	deliver
	sql "INSERT INTO email_delivery (target, email_id, answer)
	     VALUES ('$target', $id, CAST(readfile('$work/answer') AS TEXT))"
	count=$((count + 1))
done
echo "$count delivered"
