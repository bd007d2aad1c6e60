//! The node: chain, index, mempool, and everybody who is told of their changes.
