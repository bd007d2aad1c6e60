use mp_runtime::IpcStruct;

pub struct Thing;

#[derive(IpcStruct)]
pub struct Item {
    thing: Thing,
}

fn main() {}
