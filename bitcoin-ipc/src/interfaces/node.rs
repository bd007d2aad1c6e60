use mp_runtime::ipc_interface;
#[ipc_interface(file = crate::files::NODE, types = crate::types::Bitcoin)]
pub trait Node: Send + Sync {}
