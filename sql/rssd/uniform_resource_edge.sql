-- Ties a resource to a node of a graph: in 'imap', to its message.
CREATE TABLE IF NOT EXISTS uniform_resource_edge (
  graph_name TEXT NOT NULL REFERENCES uniform_resource_graph (name),
  -- one constant for a graph: readers do not filter by it
  nature TEXT NOT NULL,
  node_id TEXT NOT NULL,                                   -- id of the message row
  uniform_resource_id TEXT NOT NULL REFERENCES uniform_resource (uniform_resource_id),
  elaboration TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS uniform_resource_edge_graph_name_nature_node_id_uniform_resource_id_unique
  ON uniform_resource_edge (graph_name, nature, node_id, uniform_resource_id);
CREATE INDEX IF NOT EXISTS idx_uniform_resource_edge__uniform_resource_id
  ON uniform_resource_edge (uniform_resource_id);
