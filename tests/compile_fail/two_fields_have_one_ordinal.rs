use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    #[ipc(ordinal = 0)]
    a: i32,
    #[ipc(ordinal = 0)]
    b: i32,
}

fn main() {}
