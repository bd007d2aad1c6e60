use mp_runtime::ipc_interface;

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    thread_local! {}
}

fn main() {}
