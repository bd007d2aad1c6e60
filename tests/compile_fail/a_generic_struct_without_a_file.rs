use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
#[ipc(generic)]
pub struct Pair<K, V> {
    key: K,
    value: V,
}

fn main() {}
