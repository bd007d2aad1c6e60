use mp_runtime::ipc_file;

ipc_file! {
    static SHOP: @ 0xf00df00df00df00d;
}

fn main() {}
