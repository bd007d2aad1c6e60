use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
pub struct Colour;

fn main() {}
