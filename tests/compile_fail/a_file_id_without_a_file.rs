use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
#[ipc(file_id = 0xf00df00df00df00e)]
pub struct Item {
    value: String,
}

fn main() {}
