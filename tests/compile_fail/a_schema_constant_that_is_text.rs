use mp_runtime::ipc_file;

ipc_file! {
    static SHOP: "shop.capnp" @ 0xf00df00df00df00d,
    unused = "Coupon";

    pub const NAME: &str = "shop";
}

fn main() {}
