use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
pub enum Colour {
    Red,
    Mixed(u8),
}

fn main() {}
