use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
#[ipc(id = 0xf00df00df00df00e)]
pub struct Item {
    value: String,
}

fn main() {}
