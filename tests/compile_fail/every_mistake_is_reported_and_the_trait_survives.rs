use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, colour = "red")]
pub trait Shop: Send + Sync {
    fn buy<T>(&self, what: T) -> Result<()>;
    fn price(&self, of: String) -> i64;
    #[ipc(nmae = "sellIt")]
    fn sell(self: Box<Self>, what: std::rc::Rc<String>) -> Result<()>;
}

/// Compiles: the trait is there, so only the mistakes above show.
pub fn use_it(shop: &impl Shop) -> i64 {
    shop.price("bread".into())
}

fn main() {}
