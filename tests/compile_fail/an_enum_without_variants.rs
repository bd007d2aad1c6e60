use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
pub enum Colour {}

fn main() {}
