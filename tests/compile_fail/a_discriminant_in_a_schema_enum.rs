use mp_runtime::IpcEnum;

#[derive(IpcEnum)]
#[ipc(wire = enumerant, file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub enum Colour {
    Red = 3,
}

fn main() {}
