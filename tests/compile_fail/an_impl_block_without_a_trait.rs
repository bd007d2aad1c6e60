use mp_runtime::ipc_interface;

pub struct Mine;

#[ipc_interface]
impl Mine {
    async fn buy(&self) {}
}

fn main() {}
