use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
#[ipc(wire = enumerant)]
pub enum Colour {
    Red,
}

fn main() {}
