use mp_runtime::ipc_file;

ipc_file! {
    static SHOP: "shop.capnp" @ 0x12;
}

fn main() {}
