-- Drops content that is older than so many days, and keeps what it was: names,
-- sizes and digests. Nothing is dropped until you say how long to keep what:
--   INSERT INTO email_retention VALUES ('attachment', 30);
--   INSERT INTO email_retention VALUES ('message', 365);
--
-- attachment  The decoded copies that imap_ingest() was told to write (attachments:
--             yes, uniform-resource), and those in the json resources of the
--             layout surveilr. The message itself, and with it the attachment in
--             its encoding, stays: that is the evidence, and mail_attachments(raw)
--             still reads the file out of it. To be rid of one, drop the message.
-- message     That too: the exact bytes, their text in the message row, bodies and
--             structure. What is left proves what they were (sha256) and cannot
--             bring them back. Sender, subject, date and references stay, as do
--             names, sizes and digests of attachments, also of such as had no
--             copies. Full-text search forgets the body.
--
-- The days count from the ingest. Rows stay, and with them every foreign key, so
-- imap_ingest() takes none of these messages for a new one. Those that surveilr
-- itself wrote keep their bytes, by which alone they are known. Where something was
-- dropped, dropped_at in the elaboration says when. Copies in tables of other
-- recipes (incidents) stay. The file becomes smaller by VACUUM only.
--
-- Run it in the project's folder, daily for example:
--   sqlite3 rssd.sqlite.db ".load ./dist/imap0" ".read sql/recipes/retention.sql"

.bail on
.read sql/views/email.sql

CREATE TABLE IF NOT EXISTS email_retention (
  what TEXT PRIMARY KEY CHECK (what IN ('attachment', 'message')),
  days INTEGER NOT NULL                     -- how long it is kept
);

BEGIN IMMEDIATE;

-- All messages that are old enough. A message goes with its attachments.
DROP TABLE IF EXISTS temp.aged;
CREATE TEMP TABLE aged AS
SELECT email.email_id, email.uniform_resource_id, max(what) AS what
  FROM email_retention
  JOIN email ON email.ingested_at
                <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || email_retention.days || ' days')
 WHERE email.uniform_resource_id IS NOT NULL
 GROUP BY email.email_id, email.uniform_resource_id;

-- Their resources. Ids that derive from the message are of imap_ingest().
DROP TABLE IF EXISTS temp.aged_resource;
CREATE TEMP TABLE aged_resource AS
SELECT edge.uniform_resource_id, aged.email_id, aged.what
  FROM aged
  JOIN uniform_resource_edge AS edge
    ON edge.node_id = aged.email_id AND +edge.graph_name = 'imap'
 WHERE aged.email_id GLOB '????????-????-8*';

-- Of messages that go, what is to stay of attachments that have no copies.
INSERT INTO ur_ingest_session_attachment
       (ur_ingest_session_attachment_id, uniform_resource_id, name, uri, nature, size, checksum,
        elaboration)
SELECT email.uniform_resource_id || '/' || file.part, email.uniform_resource_id, file.filename,
       resource.uri || '/attachment/' || file.part, file.content_type, file.size, file.sha256,
       json_object('part', file.part, 'md5', file.md5, 'sha1', file.sha1, 'sha256', file.sha256,
                   'sniffed_type', file.sniffed_type)
  FROM aged
  JOIN email USING (email_id, uniform_resource_id)
  JOIN uniform_resource AS resource USING (uniform_resource_id)
  JOIN mail_attachments(email.raw) AS file
 WHERE aged.what = 'message'
   AND aged.email_id GLOB '????????-????-8*'
    ON CONFLICT DO NOTHING;

UPDATE ur_ingest_session_attachment
   SET content = NULL,
       elaboration = json_set(coalesce(elaboration, '{}'), '$.dropped_at',
                              strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
 WHERE content IS NOT NULL
   AND uniform_resource_id IN (SELECT uniform_resource_id FROM temp.aged);

-- Attachments that are resources have a media type as their nature.
UPDATE uniform_resource
   SET content = NULL,
       elaboration = json_set(coalesce(elaboration, '{}'), '$.dropped_at',
                              strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
 WHERE content IS NOT NULL
   AND uniform_resource_id IN (SELECT uniform_resource_id FROM temp.aged_resource)
   AND nature LIKE '%/%';

-- In the structure, those parts that are attachments lose their bodies.
UPDATE uniform_resource
   SET content = json_set(content, '$.parts', json((
         SELECT json_group_array(json(
                  iif(part.key IN (SELECT value FROM json_each(content, '$.attachments')),
                      json_set(part.value, '$.body', json('{"Binary":[]}')),
                      part.value)))
           FROM json_each(content, '$.parts') AS part))),
       elaboration = json_set(coalesce(elaboration, '{}'), '$.dropped_at',
                              strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
 WHERE nature = 'json'
   AND uniform_resource_id IN (SELECT uniform_resource_id FROM temp.aged_resource)
   AND json_extract(elaboration, '$.dropped_at') IS NULL
   AND json_array_length(content, '$.attachments') > 0;

-- Messages. The row of each refers to what was there, as in the layout compact.
UPDATE ur_ingest_session_imap_acct_folder_message
   SET message = (
         SELECT json_object('sha256', json_extract(resource.elaboration, '$.sha256'),
                            'uri', resource.uri)
           FROM temp.aged
           JOIN uniform_resource AS resource USING (uniform_resource_id)
          WHERE aged.email_id = ur_ingest_session_imap_acct_folder_message_id)
 WHERE ur_ingest_session_imap_acct_folder_message_id IN (
         SELECT email_id FROM temp.aged_resource WHERE what = 'message')
   AND message NOT GLOB '{"sha256":"*","uri":"*"}';

UPDATE uniform_resource
   SET content = NULL,
       elaboration = json_set(coalesce(elaboration, '{}'), '$.dropped_at',
                              strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
 WHERE content IS NOT NULL
   AND uniform_resource_id IN (
         SELECT uniform_resource_id FROM temp.aged_resource WHERE what = 'message');

COMMIT;

SELECT (SELECT count(*) FROM ur_ingest_session_attachment WHERE content IS NULL) AS attachments,
       (SELECT count(*) FROM email WHERE raw IS NULL) AS messages;
