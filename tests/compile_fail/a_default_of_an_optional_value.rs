use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    #[ipc(default = 3)]
    price: Option<i64>,
}

fn main() {}
