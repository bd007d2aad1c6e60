use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
pub enum Colour {
    Red,
    #[ipc(name = "red")]
    Crimson,
}

fn main() {}
