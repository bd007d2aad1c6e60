//! What the node keeps of its active chain beside the blocks: coins, filters, counts.
