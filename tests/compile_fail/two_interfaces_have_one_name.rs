pub mod a {
    use mp_runtime::{Result, ipc_interface};

    #[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
    pub trait Shop: Send + Sync {
        fn put(&self, value: u32) -> Result<u32>;
    }
}

pub mod b {
    use mp_runtime::{Result, ipc_interface};

    #[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
    pub trait Shop: Send + Sync {
        fn get(&self, value: String) -> Result<u32>;
    }
}

fn main() {}
