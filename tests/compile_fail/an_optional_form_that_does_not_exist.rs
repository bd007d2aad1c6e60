use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    #[ipc(optional = pointer)]
    price: Option<i64>,
}

fn main() {}
