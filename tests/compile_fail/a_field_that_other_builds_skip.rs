use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item {
    pub price: u32,
    #[cfg_attr(windows, ipc(skip))]
    pub weight: u32,
}

fn main() {}
