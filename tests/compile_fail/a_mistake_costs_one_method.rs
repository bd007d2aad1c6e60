use mp_runtime::{EventLoop, IpcStruct, Result, ipc_interface, pair};

#[derive(IpcStruct)]
pub struct Item {
    pub name: &'static str,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn price(&self, of: Item) -> Result<u32>;
    fn make<T>(&self, with: impl Fn(T)) -> Result<()>;
    fn new(many: &mut u32);
    fn change(&mut self, (a, b): (u8, u8)) -> Result<()>;
    const fn constant(&self) -> u32;
    #[ipc(ordnal = 7)]
    async fn wait(&self) -> Result<u32>;
}

/// Hears of no mistake: the trait is there, and so is its client.
pub fn use_it(shop: std::sync::Arc<dyn Shop>) -> Result<u32> {
    let event_loop = EventLoop::new("shop")?;
    let (remote, _served) = pair::<dyn Shop>(&event_loop, shop);
    remote.price(Item { name: "bread" })
}

fn main() {}
