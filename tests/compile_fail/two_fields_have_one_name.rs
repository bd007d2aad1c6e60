use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    what: String,
    #[ipc(name = "what")]
    other: String,
}

fn main() {}
