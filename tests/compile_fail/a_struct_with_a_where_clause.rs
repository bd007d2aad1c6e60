use mp_runtime::IpcStruct;

#[derive(IpcStruct)]
pub struct Item<T>
where
    T: Clone,
{
    value: T,
}

fn main() {}
