#!/bin/bash
# unread-alerts.sh LIBRARY PATTERN: holds a pipeline up while unread mail waits
# whose subject is like PATTERN, and prints that mail as a JSON array.
#
# Exit code: 0 nothing waits, 1 something does, 2 the mail could not be read.
# The pipeline's secrets come as IMAP_SERVER, IMAP_USER and IMAP_PASSWORD.
set -euo pipefail
library=${1:?the library, dist/imap0 for one}
pattern=${2:?a LIKE pattern, %alert% for one}
: "${IMAP_SERVER:?}" "${IMAP_USER:?}" "${IMAP_PASSWORD:?}"

# sql TEXT: as an SQL string.
sql() { printf "'%s'" "${1//\'/\'\'}"; }

waiting=$(
	sqlite3 -batch -bail -init /dev/null -json :memory: <<SQL
.load $(sql "$library")
SELECT uid, date, "from", subject
  FROM imap_messages
 WHERE seen = 0 AND subject LIKE $(sql "$pattern")
 ORDER BY uid;
SQL
) || exit 2

# The shell prints nothing at all where there is no row.
if [ -z "$waiting" ]; then
	echo '[]'
else
	printf '%s\n' "$waiting"
	exit 1
fi
