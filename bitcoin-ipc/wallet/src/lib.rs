//! Bitcoin wallets on BDK, with a node in this process or another one.
//!
//! In: a node's [`Chain`](bitcoin_ipc::interfaces::Chain), and a directory to keep wallets in. Out: a
//! [`WalletLoader`](bitcoin_ipc::interfaces::WalletLoader) and its wallets.
