use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
#[ipc(wire = Text)]
pub enum Colour {
    Red,
}

fn main() {}
