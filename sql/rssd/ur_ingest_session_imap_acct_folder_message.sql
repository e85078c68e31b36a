-- A message, once per content, in the folder it was first met in.
-- Where else it lies is in imap_sync_message.
CREATE TABLE IF NOT EXISTS ur_ingest_session_imap_acct_folder_message (
  -- UUID version 8 of the bytes and the Message-ID
  ur_ingest_session_imap_acct_folder_message_id TEXT PRIMARY KEY NOT NULL,
  ingest_session_id TEXT NOT NULL REFERENCES ur_ingest_session (ur_ingest_session_id),
  ingest_imap_acct_folder_id TEXT NOT NULL
    REFERENCES ur_ingest_session_imap_acct_folder (ur_ingest_session_imap_acct_folder_id),
  message TEXT NOT NULL,                                   -- the raw text, lossy where no UTF-8
  message_id TEXT NOT NULL,                                -- without angle brackets; '' if missing
  subject TEXT NOT NULL,                                   -- '' if missing
  "from" TEXT NOT NULL,                                    -- first address, bare; '' if missing
  cc TEXT NOT NULL,                                        -- JSON array of bare addresses
  bcc TEXT NOT NULL,                                       -- JSON array of bare addresses
  status TEXT[] NOT NULL,                                  -- JSON array: read, unread, starred, ...
  date DATE,                                               -- the Date header, ISO 8601 in UTC
  email_references TEXT NOT NULL,                          -- JSON array of message ids
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT,
  CONSTRAINT cc_check_valid_json CHECK (json_valid(cc) OR cc IS NULL),
  CONSTRAINT bcc_check_valid_json CHECK (json_valid(bcc) OR bcc IS NULL),
  CONSTRAINT email_references_check_valid_json
    CHECK (json_valid(email_references) OR email_references IS NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS ur_ingest_session_imap_acct_folder_message_message_message_id_unique
  ON ur_ingest_session_imap_acct_folder_message (message, message_id);
CREATE INDEX IF NOT EXISTS idx_ur_ingest_session_imap_acct_folder_message__ingest_session_id
  ON ur_ingest_session_imap_acct_folder_message (ingest_session_id);
