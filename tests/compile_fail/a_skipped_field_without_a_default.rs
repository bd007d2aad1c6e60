use mp_runtime::IpcStruct;

pub struct Cache(pub u32);

#[derive(IpcStruct)]
pub struct Item {
    pub price: u32,
    #[ipc(skip)]
    pub cache: Cache,
}

fn main() {}
