use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub union Bits {
    number: u32,
    float: f32,
}

fn main() {}
