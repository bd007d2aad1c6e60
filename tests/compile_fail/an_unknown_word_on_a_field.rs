use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    #[ipc(skpi)]
    name: String,
}

fn main() {}
