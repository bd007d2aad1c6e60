use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
#[ipc(wire = UInt8)]
pub enum Size {
    Small = 254,
    Middle,
    Large,
}

fn main() {}
