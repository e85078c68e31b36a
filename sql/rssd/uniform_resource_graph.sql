-- The graphs that edges belong to.
CREATE TABLE IF NOT EXISTS uniform_resource_graph (
  name TEXT PRIMARY KEY NOT NULL,
  elaboration TEXT                                         -- JSON
);
INSERT OR IGNORE INTO uniform_resource_graph (name, elaboration)
VALUES ('filesystem', '{}'), ('imap', '{}'), ('osquery-ms', '{}'), ('snmp', '{}');
