"""The paper's protocols, tables and figures."""
