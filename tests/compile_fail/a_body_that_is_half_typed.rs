use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result<u32>;
    async fn wait(&self, seconds: u32) -> Result<u32>;
    fn default(&self) -> Result<u32> {
        self.
    }
}

pub struct Bakery;

#[ipc_interface]
impl Shop for Bakery {
    fn price(&self) -> Result<u32> {
        Ok(self.)
    }

    async fn wait(&self, seconds: u32) -> Result<u32> {
        let waited = seconds +
    }
}

/// Hears of no mistake.
pub fn use_it() -> Box<dyn Shop> {
    Box::new(Bakery)
}

fn main() {}
