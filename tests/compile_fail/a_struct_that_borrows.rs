use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item<'a> {
    name: &'a str,
}

fn main() {}
