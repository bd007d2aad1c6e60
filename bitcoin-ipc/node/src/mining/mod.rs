//! What the node offers its miners.
