use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Items<const N: usize> {
    names: [u8; N],
}

fn main() {}
