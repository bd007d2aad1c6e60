use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
#[ipc(generic, file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub struct Item {
    value: String,
}

fn main() {}
