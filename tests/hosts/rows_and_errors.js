// rows_and_errors.js LIBRARY: what better-sqlite3 makes of the library's rows
// and errors, in the same lines as rows_and_errors.py.
"use strict";

const Database = require("better-sqlite3");

const database = new Database(":memory:");
database.loadExtension(process.argv[2]);
const all = (sql) => database.prepare(sql).raw().all();
for (const row of all("SELECT uid, subject, length(raw) FROM imap_messages ORDER BY uid")) {
  console.log(row.join(" | "));
}
try {
  all(`SELECT uid FROM imap_messages(NULL, NULL, NULL, '{"timeuot": 1}')`);
} catch (error) {
  console.log(error.message);
}
console.log(all("SELECT count(*) FROM imap_messages")[0][0]);
