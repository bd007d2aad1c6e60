use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    a: i32,
    #[ipc(ordinal = 2)]
    b: i32,
}

fn main() {}
