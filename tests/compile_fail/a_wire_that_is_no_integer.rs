use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
#[ipc(wire = "Int32")]
pub enum Colour {
    Red,
}

fn main() {}
