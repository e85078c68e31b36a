-- Conversations. email_thread_message: each message with its thread and how deep
-- in it it is. email_thread: each thread as a whole, the latest for example:
--   SELECT subject, messages, participants FROM email_thread
--    ORDER BY last_date DESC LIMIT 10;
-- As RFC 5256 section 2.2 (REFERENCES) has it, without its merging by subject,
-- which joins strangers: a message follows what it refers to, and what nobody
-- has, but somebody refers to, holds its answers together. thread_id is the
-- Message-ID at the beginning, of a message without one its email_id; so it is
-- the same in every database. A view cannot keep what it finds: for many
-- questions, CREATE TABLE ... AS SELECT * FROM email_thread_message.
.read sql/views/email.sql

-- Who follows whom, each one at most. A message says itself whom it follows; of
-- those that nobody has, the references of others say it.
DROP VIEW IF EXISTS email_thread_link;
CREATE VIEW email_thread_link AS
WITH
mail AS (
  SELECT coalesce(nullif(message_id, ''), email_id) AS node, in_reply_to, email_references, email_id
    FROM email
),
claim AS (
  SELECT node, in_reply_to AS parent, email_id AS claimed_by
    FROM mail
   WHERE email_references = '[]'
   UNION ALL
  SELECT coalesce(lead(reference.value) OVER line, node), reference.value,
         iif(lead(reference.value) OVER line IS NULL, '', 'of another: ') || email_id
    FROM mail JOIN json_each(email_references) AS reference
  WINDOW line AS (PARTITION BY email_id ORDER BY reference.key)
)
-- With the least claimed_by SQLite gives the parent beside it.
SELECT node, parent, min(claimed_by) AS claimed_by
  FROM claim
 WHERE parent <> '' AND node <> parent
 GROUP BY node;

DROP VIEW IF EXISTS email_thread_message;
CREATE VIEW email_thread_message AS
WITH RECURSIVE
link AS (SELECT node, parent FROM email_thread_link),
-- Down from those that follow nobody.
reached(node, thread_id, depth) AS (
  SELECT DISTINCT parent, parent, 0 FROM link WHERE parent NOT IN (SELECT node FROM link)
   UNION ALL
  SELECT link.node, reached.thread_id, reached.depth + 1
    FROM reached JOIN link ON link.parent = reached.node
),
-- What is left goes round in circles, which only forgers write: up from each, no
-- further than to itself, and not far if they made the circle long.
circle(node, ancestor, steps) AS (
  SELECT node, parent, 1 FROM link WHERE node NOT IN (SELECT node FROM reached)
   UNION ALL
  SELECT circle.node, link.parent, circle.steps + 1
    FROM circle JOIN link ON link.node = circle.ancestor
   WHERE circle.steps < 32 AND circle.ancestor <> circle.node
),
-- The least of those that come back to themselves begins the thread.
opened(node) AS (
  SELECT node FROM circle GROUP BY node HAVING max(ancestor = node) AND min(ancestor) = node
),
unwound(node, thread_id, depth) AS (
  SELECT node, node, 0 FROM opened
   UNION ALL
  SELECT link.node, unwound.thread_id, unwound.depth + 1
    FROM unwound JOIN link ON link.parent = unwound.node
   WHERE link.node NOT IN (SELECT node FROM opened)
),
place AS (SELECT * FROM reached UNION ALL SELECT * FROM unwound)
SELECT email.email_id, email.message_id, email.account, email.folder_name, email."from",
       email.subject, email.date, email.ingested_at,
       coalesce(place.thread_id, nullif(email.message_id, ''), email.email_id) AS thread_id,
       coalesce(place.depth, 0) AS depth
  FROM email
  LEFT JOIN place ON place.node = coalesce(nullif(email.message_id, ''), email.email_id);

DROP VIEW IF EXISTS email_thread;
CREATE VIEW email_thread AS
SELECT thread_id,
       first_subject AS subject,
       count(DISTINCT email_id) AS messages,
       json_group_array(DISTINCT "from") FILTER (WHERE "from" <> '') AS participants,
       min(date) AS first_date,
       max(date) AS last_date
  FROM (SELECT *, first_value(subject) OVER (PARTITION BY thread_id ORDER BY depth, date)
                    AS first_subject
          FROM email_thread_message)
 GROUP BY thread_id;
