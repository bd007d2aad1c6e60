use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    #[ipc(optional = null)]
    price: Option<i64>,
}

fn main() {}
