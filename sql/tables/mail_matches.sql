-- The matches of a regular expression in a text: mail_matches(text, pattern).
-- The syntax is that of the crate regex: linear time, no look-around, no
-- back-references. NULL for either gives no row.
CREATE TABLE mail_matches(
  position INTEGER,          -- 1 for the first match
  value TEXT,                -- what matched
  "offset" INTEGER,          -- bytes from the beginning of the text
  groups TEXT,               -- JSON array of what the groups matched, null for those that did not
  text TEXT HIDDEN,          -- argument 1: the text
  pattern TEXT HIDDEN        -- argument 2: a regular expression, or cloudsoar:NAME for one of Cloud SOAR's
);
