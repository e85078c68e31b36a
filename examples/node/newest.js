// newest.js LIBRARY: prints the five newest messages of the account that
// IMAP_SERVER, IMAP_USER and IMAP_PASSWORD name.
"use strict";

const Database = require("better-sqlite3");

const database = new Database(":memory:");
database.loadExtension(process.argv[2]);

const rows = database
  .prepare(
    `SELECT uid, date, "from", subject
       FROM imap_messages
      ORDER BY date DESC
      LIMIT 5`,
  )
  .raw()
  .all();
for (const row of rows) {
  console.log(row.join(" | "));
}
