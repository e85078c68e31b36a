-- A mailbox as a table, and its mail in the RSSD tables. `make demo` runs this
-- with :folder bound; the account comes from IMAP_SERVER, IMAP_USER and
-- IMAP_PASSWORD, so that no statement holds a secret.
.load dist/imap0
.mode box

.print
.print 'What is there? Only flags and sizes are fetched for this.'
SELECT folder_name, count(*) AS messages, sum(NOT seen) AS unread, sum(flagged) AS flagged,
       sum(size) AS bytes
  FROM imap_messages(NULL, NULL, :folder)
 GROUP BY folder_name;

.print
.print 'The newest messages, whatever they are encoded in. A few header lines of each are fetched.'
SELECT folder_name, uid, date, substr("from", 1, 30) AS "from", substr(subject, 1, 44) AS subject
  FROM imap_messages(NULL, NULL, :folder)
 ORDER BY date DESC LIMIT 12;

.print
.print 'Who writes most?'
SELECT "from", count(*) AS messages, min(date) AS first, max(date) AS last
  FROM imap_messages(NULL, NULL, :folder)
 WHERE "from" IS NOT NULL
 GROUP BY "from" ORDER BY messages DESC LIMIT 8;

.print
.print 'The longest conversations.'
SELECT coalesce(email_references ->> '$[0]', message_id) AS thread, count(*) AS messages,
       max(CASE WHEN in_reply_to IS NULL THEN subject END) AS subject
  FROM imap_messages(NULL, NULL, :folder)
 GROUP BY thread HAVING thread IS NOT NULL
 ORDER BY messages DESC, thread LIMIT 6;

.print
.print 'What is attached? The structure says so; nothing is downloaded.'
SELECT a.value ->> 'content_type' AS content_type, count(*) AS files,
       max(a.value ->> 'filename') AS "for example"
  FROM imap_messages(NULL, NULL, :folder) AS m, json_each(m.attachments) AS a
 GROUP BY content_type ORDER BY files DESC, content_type;

.print
.print 'Broken mail is a row like any other, and says what is wrong with it.'
SELECT uid, substr(subject, 1, 34) AS subject, problems ->> '$[0].field' AS field,
       substr(problems ->> '$[0].problem', 1, 58) AS problem
  FROM imap_messages(NULL, NULL, :folder)
 WHERE json_array_length(problems) > 0 LIMIT 12;

.print
.print 'The same bytes more than once.'
SELECT substr(sha256, 1, 16) AS sha256, count(*) AS copies,
       group_concat(folder_name || '/' || uid, ', ') AS "where", min(subject) AS subject
  FROM imap_messages(NULL, NULL, :folder)
 GROUP BY imap_messages.sha256 HAVING copies > 1;

.print
.print 'Into the RSSD tables, with one call.'
SELECT value ->> 'folder_name' AS folder_name, value ->> 'found' AS found,
       value ->> 'fetched' AS fetched, value ->> 'inserted' AS inserted
  FROM json_each(imap_ingest(NULL, NULL, :folder), '$.folders');

.print
.print 'Once more: the second time there is nothing to fetch.'
SELECT sum(value ->> 'found') AS found, sum(value ->> 'fetched') AS fetched,
       sum(value ->> 'inserted') AS inserted
  FROM json_each(imap_ingest(NULL, NULL, :folder), '$.folders');

.print
.print 'What the tables hold now.'
SELECT nature, count(*) AS resources, sum(size_bytes) AS bytes
  FROM uniform_resource GROUP BY nature ORDER BY nature;
SELECT folder_name, count(*) AS messages, min(date) AS first, max(date) AS last
  FROM uniform_resource_imap GROUP BY folder_name;

.print
.print 'Or into a table of your own.'
CREATE TABLE unread AS
SELECT folder_name, uid, date, "from", subject, body_text
  FROM imap_messages(NULL, NULL, :folder) WHERE seen = 0;
SELECT count(*) AS unread, count(body_text) AS with_text, sum(length(body_text)) AS characters
  FROM unread;
