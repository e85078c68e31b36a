-- Publishes the messages of RSSD that have not been published yet, each to every
-- channel of the table email_feed_channel, and marks each once the broker has it.
--
-- Each message is a transaction of its own: what is stopped or refused halfway
-- goes on where it was at the next run. The run ends at the first failure. A
-- message too large for hpfeeds is left out and counted.
--
-- Run it in the project's folder, with the broker in the environment:
--   export HPFEEDS_BROKER=hpfeeds://traps.example.org HPFEEDS_IDENT=writer HPFEEDS_SECRET=...
--   sqlite3 rssd.sqlite.db ".load ./dist/imap0" ".read sql/recipes/hpfeeds_new_mail.sql"
-- For other channels than spam.mails: INSERT INTO email_feed_channel VALUES ('other');

.bail on
.read sql/views/email_feed.sql
.read sql/views/email_delivery.sql

CREATE TABLE IF NOT EXISTS email_feed_channel (channel TEXT PRIMARY KEY);
INSERT INTO email_feed_channel
SELECT 'spam.mails' WHERE NOT EXISTS (SELECT 1 FROM email_feed_channel);

DROP VIEW IF EXISTS temp.pending;
CREATE TEMP VIEW pending AS
SELECT channel, email_id
  FROM email_feed_channel JOIN email
 WHERE email.raw IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM email_delivery AS delivery
                    WHERE delivery.target = 'hpfeeds:' || channel
                      AND delivery.email_id = email.email_id);

-- 1 MiB is the frame's limit, of which names take 512 bytes at most.
DROP TABLE IF EXISTS temp.fitting;
CREATE TEMP TABLE fitting AS
SELECT channel, email_id
  FROM pending JOIN email_feed USING (email_id)
 WHERE length(CAST(payload AS BLOB)) <= 1048576 - 512;

-- SQL has no loop, but the shell can run what a query writes: one statement, and
-- so one transaction, a message.
.mode list
.headers off
.output email_feed_pending.sql
SELECT 'INSERT INTO email_delivery (target, email_id, answer) SELECT '
       || quote('hpfeeds:' || channel) || ', email_id, hpfeeds_publish(NULL, NULL, NULL, '
       || quote(channel) || ', payload) FROM email_feed WHERE email_id = ' || quote(email_id) || ';'
  FROM fitting;
.output
.read email_feed_pending.sql
.shell rm email_feed_pending.sql

SELECT (SELECT count(*) FROM fitting) AS published,
       (SELECT count(*) FROM pending) AS too_large;
