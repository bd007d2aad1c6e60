use mp_runtime::ipc_interface;
#[ipc_interface(file = crate::files::WALLET, types = crate::types::Bitcoin)]
pub trait WalletLoader: Send + Sync {}
