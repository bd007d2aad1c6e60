use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub enum Payment {
    Cash,
    Card {
        #[ipc(skip)]
        number: u64,
    },
}

fn main() {}
