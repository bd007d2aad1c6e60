//! What the node offers its wallets.
